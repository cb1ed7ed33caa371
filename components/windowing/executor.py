"""The executor of Windowing: which windows there are, and an artifact of them."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Sequence
from datetime import date
from typing import Any

from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from components.example_generation.joining.products import all_order_weekdays, of_products
from components.windowing import stages
from components.windowing.options import WindowOptions
from components.windowing.splits import (
    SPLITS,
    by_review,
    choice_origins,
    cutoff_of_test,
    decision_origins,
    origins,
    refit_origins,
    split_borders,
)
from components.windowing.sufficiency import Extent, check_sufficient
from components.windowing.window_schema import window_schema
from contracts import properties
from contracts.columns import ORDER_WEEKDAYS
from contracts.dates import to_date, to_days
from contracts.errors import UserError
from contracts.files import FEATURE_SPACE, SCHEMA, WINDOWS
from contracts.rows import SPLIT
from contracts.splits import CHOICE_POINTS, DECISION_POINTS, EVAL, REFIT, TRAIN
from transforms.features import FeatureSpace

LOG = logging.getLogger(__name__)


def shard_files(examples: Sequence[standard_artifacts.Examples]) -> list[list[str]]:
    """For each shard, its file in every span, oldest span first.

    Raises:
        UserError: the spans are sharded differently, so that a series would lie in different shards.
    """
    shards: dict[str, list[str]] = {}
    for artifact in sorted(examples, key=lambda found: (found.span, found.version, found.id)):
        folder = artifact_utils.get_split_uri([artifact], SPLIT)
        for path in sorted(fileio.glob(os.path.join(folder, "*.parquet"))):
            # A shard without rows has no file, so shards are told by their names: rows-<shard>-of-<shards>.
            shards.setdefault(os.path.basename(path), []).append(path)
    if len({name.rsplit("-of-", 1)[-1] for name in shards}) != 1:
        raise UserError(
            "the spans are spread over different numbers of shards: set data.shards back to what the older spans "
            f"have, or start a new workspace (found {', '.join(sorted(shards)[:3])}, ...)"
        )
    return [shards[name] for name in sorted(shards)]


class Executor(base_beam_executor.BaseBeamExecutor):
    """See components.windowing.component.Windowing."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        space = FeatureSpace.from_json(exec_properties["feature_space"])
        options = WindowOptions.model_validate_json(exec_properties["options"])
        current = artifact_utils.get_single_instance(input_dict["examples"])
        spans = [*input_dict.get("earlier_examples", []), current]
        windows = artifact_utils.get_single_instance(output_dict["windows"])
        windows.split_names = artifact_utils.encode_split_names(
            [*SPLITS, REFIT, DECISION_POINTS, CHOICE_POINTS]
        )
        examples_utils.set_payload_format(windows, example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE)
        windows.span, windows.version = current.span, current.version
        schema = artifact_utils.get_single_instance(output_dict["schema"])
        io_utils.write_pbtxt_file(os.path.join(schema.uri, SCHEMA), window_schema(space))

        first_date = min(_day(span, properties.FIRST_DATE) for span in spans)
        last_date = _day(current, properties.LAST_DATE)
        origins_of = {
            split: origins(split, first_date, last_date, options, space.period_days) for split in SPLITS
        }
        origins_of[REFIT] = refit_origins(last_date, options, space.period_days)
        for split in (TRAIN, EVAL, REFIT):
            origins_of[split] = by_review(origins_of[split], options, space.period_days)
        taken = all_order_weekdays(of_products(current.uri, ORDER_WEEKDAYS))
        origins_of[DECISION_POINTS] = decision_origins(last_date, options, space.period_days, taken)
        origins_of[CHOICE_POINTS] = choice_origins(last_date, options, space.period_days, taken)
        borders = cutoff_of_test(last_date, options, space.period_days), last_date
        folders = {split: artifact_utils.get_split_uri([windows], split) for split in origins_of}
        folders |= {period: os.path.join(windows.uri, period) for period in stages.PERIODS}
        for folder in folders.values():
            fileio.makedirs(folder)
        with fileio.open(os.path.join(windows.uri, FEATURE_SPACE), "w") as file:
            file.write(space.to_json())
        cutting = stages.Cutting(origins_of, borders, current.uri, space, options)
        followed = of_products(current.uri, "follows")
        # A worker that wakes after the end may still write there.
        with tempfile.TemporaryDirectory(prefix=".", dir=windows.uri, ignore_cleanup_errors=True) as scratch:
            with self._make_beam_pipeline() as pipeline:
                stages.build(pipeline, shard_files(spans), cutting, folders, scratch, followed)
            counts = stages.read_counts(scratch)
        extent = Extent(
            to_date(first_date).isoformat(),
            to_date(last_date).isoformat(),
            (last_date - first_date) // space.period_days + 1,
            space.period_days,
        )
        check_sufficient(counts, extent, options)
        dates = split_borders(last_date, options, space.period_days)
        windows_of = {name: counts[name] for name in origins_of}
        LOG.info("windows cut", extra={"windows": windows_of, "spans": [span.span for span in spans]})
        with fileio.open(os.path.join(windows.uri, WINDOWS), "w") as file:
            said = {"windows": windows_of, "spans": [span.span for span in spans], "borders": dates}
            file.write(json.dumps(said, indent=1))


def _day(artifact: standard_artifacts.Examples, name: str) -> int:
    return to_days(date.fromisoformat(artifact.get_string_custom_property(name)))
