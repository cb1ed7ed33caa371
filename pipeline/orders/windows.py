"""Cuts a folder of data into window files in one process, for those who work with a model outside the pipeline."""

from __future__ import annotations

from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import pyarrow.compute as pc

from components.example_generation.folder import read_prepared
from components.example_generation.ingest import prepare
from components.windowing.cutting import Shard
from components.windowing.encoding import write_examples
from components.windowing.following import lent_among
from components.windowing.serving import with_known_future
from components.windowing.splits import SPLITS, cutoff_of_test, origins, refit_origins
from contracts import files
from contracts.durable import replace_file
from contracts.errors import UserError
from contracts.splits import REFIT, split_folder
from pipeline.config import Config
from pipeline.inputs.as_of import last_date
from pipeline.inputs.batch import feature_space, planned_ahead
from pipeline.inputs.notes import OnRead

SERVING = "serving"


def write_windows(data: Path, out: Path, config: Config, on_read: OnRead) -> dict[str, int]:
    """Writes ``Split-<split>/windows.gz`` for train, eval, test, refit and serving, and feature_space.json.

    The serving split holds one window a series, at the last date, with what a model may see and nothing else.

    Returns:
        The number of windows by split.

    Raises:
        UserError: the folders cannot be used.
        DataRejected: the data breaks the contract.
    """
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out}: is not empty; give a new folder")
    prepared = prepare(data, config.data, config.windows.review_period)
    space = feature_space(prepared, config, planned_ahead(prepared, config, last_date(data, config)))
    read = read_prepared(prepared)
    on_read(read.report)
    rows = read.rows
    lent = lent_among(lambda: [rows], read.small.products, space, config.windows)
    continued, last = with_known_future(rows, read.future, space)
    shard = Shard(continued, space, config.windows, lent)
    first = int(pc.min(rows["date"]).as_py())
    counts = {}
    for split in SPLITS:
        chosen = origins(split, first, last, config.windows, space.period_days)
        counts[split] = write_examples(_target(out, split), shard.labelled(chosen), space.raw_features())
    refit = refit_origins(last, config.windows, space.period_days)
    cutoff = cutoff_of_test(last, config.windows, space.period_days)
    counts[REFIT] = write_examples(
        _target(out, REFIT), shard.labelled(refit, until=cutoff), space.raw_features()
    )
    serving = shard.inputs(np.array([last]))
    counts[SERVING] = write_examples(_target(out, SERVING), serving, space.model_inputs())
    replace_file(out / files.FEATURE_SPACE, space.to_json())
    return counts


def _target(out: Path, split: str) -> str:
    folder = out / split_folder(split)
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / "windows.gz")
