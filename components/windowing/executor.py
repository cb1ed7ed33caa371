"""Windowing on Beam: one shard of rows in, one file of windows for each split out, with no shuffle."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.dsl.io import fileio
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts
from tfx.utils import io_utils

from components.example_generation.joining.future import Future
from components.example_generation.joining.products import ByStore, all_order_weekdays, of_products
from components.windowing.cutting import Shard
from components.windowing.encoding import write_examples
from components.windowing.following import COLUMNS, Debut, Lent, debuts, lend
from components.windowing.merging import merge_spans
from components.windowing.options import WindowOptions
from components.windowing.serving import with_known_future
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
from components.windowing.sufficiency import Extent, check_sufficient, counted
from components.windowing.window_schema import window_schema
from contracts import properties
from contracts.columns import ORDER_WEEKDAYS
from contracts.dates import to_date, to_days
from contracts.errors import UserError
from contracts.files import CHOICE_PERIOD, FEATURE_SPACE, SCHEMA, TEST_PERIOD, WINDOWS
from contracts.rows import SPLIT, read_shard, series_bounds
from contracts.splits import CHOICE_POINTS, DECISION_POINTS, EVAL, REFIT, TRAIN
from inventory.policies import look_back
from transforms.features import FeatureSpace

LOG = logging.getLogger(__name__)
CHOICE_SERIES = 5000
"""Series by which the policy that plans is chosen: enough to tell one from another, whatever there are."""

_PERIODS = (TEST_PERIOD, CHOICE_PERIOD)


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


def cut_shard(
    files: Sequence[str],
    targets: dict[str, str],
    origins_of: dict[str, Any],
    borders: tuple[int, int],
    future: Future,
    space: FeatureSpace,
    options: WindowOptions,
    lent: Lent | None = None,
    choice_series: int = CHOICE_SERIES,
) -> dict[str, int]:
    """Cuts one shard's windows into one file for each split; returns their number by split, and what they hold.

    ``borders`` are the last date before the test period, and the last of all, days since 1970-01-01; ``future`` is
    what is known of the time after. The rows of the test period, which the simulation lives through, go to
    ``targets[TEST_PERIOD]``; those of the eval period, of no more than ``choice_series`` series, to
    ``targets[CHOICE_PERIOD]``.
    """
    cutoff, last = borders
    rows = merge_spans([read_shard(path) for path in files])
    # Orders of the last weeks were placed with a plan of the time after them.
    continued, _ = with_known_future(rows, future, space, last)
    shard = Shard(continued, space, options, lent)
    features = space.raw_features()
    counts: Counter[str] = Counter()
    for split in SPLITS:
        windows = counted(shard.labelled(origins_of[split]), split, counts)
        counts[split] = write_examples(targets[split], windows, features)
    refit = shard.labelled(origins_of[REFIT], until=cutoff)
    counts[REFIT] = write_examples(targets[REFIT], refit, features)
    for split, period, until in (
        (DECISION_POINTS, TEST_PERIOD, last),
        (CHOICE_POINTS, CHOICE_PERIOD, cutoff),
    ):
        some = split == CHOICE_POINTS and len(series_bounds(rows)) - 1 > choice_series
        reviewed = spread_out(rows, choice_series) if some else rows
        points = Shard(spread_out(continued, choice_series), space, options, lent) if some else shard
        counts[split] = write_examples(
            targets[split], points.reviews(origins_of[split]), space.decision_features()
        )
        past = look_back(options.review_period, ORDER_WEEKDAYS in reviewed.column_names)
        before = int(origins_of[split][0]) - past * space.period_days
        inside = pc.and_(pc.greater(reviewed["date"], before), pc.less_equal(reviewed["date"], until))
        pq.write_table(reviewed.filter(inside), targets[period])
    return counts


def spread_out(rows: pa.Table, count: int) -> pa.Table:
    """The rows of so many series, evenly spread over those of a shard."""
    bounds = series_bounds(rows)
    chosen = np.linspace(0, len(bounds) - 2, count).round().astype(np.int64)
    return pa.concat_tables([rows.slice(bounds[i], bounds[i + 1] - bounds[i]) for i in chosen])


class _CutShards(beam.DoFn):
    def __init__(
        self,
        folders: dict[str, str],
        origins_of: dict[str, Any],
        borders: tuple[int, int],
        future: str,
        space: FeatureSpace,
        options: WindowOptions,
    ) -> None:
        self._folders = folders
        self._cut = origins_of, borders
        self._future_folder = future
        self._known: Future | None = None
        self._windows = space, options

    def setup(self) -> None:
        """Reads what is known of the time after, once a worker."""
        self._known = Future.read(self._future_folder)

    def process(
        self, element: tuple[int, int, list[str]], lent: Lent | None = None
    ) -> Iterator[dict[str, int]]:
        index, count, files = element
        shard = f"{index:05d}-of-{count:05d}"
        targets = {
            name: os.path.join(folder, f"rows-{shard}.parquet" if name in _PERIODS else f"windows-{shard}.gz")
            for name, folder in self._folders.items()
        }
        assert self._known is not None
        of_shard = -(-CHOICE_SERIES // count)
        yield cut_shard(files, targets, *self._cut, self._known, *self._windows, lent, of_shard)


def _to_lend(element: tuple[int, int, list[str]]) -> pa.Table:
    """The columns of a shard that are lent to products that follow others."""
    there = [(path, pq.read_schema(path).names) for path in element[2]]
    return merge_spans(
        [read_shard(path, [name for name in COLUMNS if name in names]) for path, names in there]
    )


def _lending(
    shards: beam.PCollection, followed: ByStore, space: FeatureSpace, options: WindowOptions
) -> beam.PCollection:
    """What all shards lend, one element."""
    reach = space.history * space.period_days

    def lent(element: tuple[int, int, list[str]], wanted: list[Debut]) -> pa.Table:
        return lend(_to_lend(element), wanted, followed, reach)

    found = shards | "Debuts" >> beam.FlatMap(lambda element: debuts(_to_lend(element), followed))
    return (
        shards
        | "Lend" >> beam.Map(lent, wanted=beam.pvalue.AsList(found))
        | "Gather" >> beam.combiners.ToList()
        | "Nearest" >> beam.Map(Lent.of, periods=options.minimum_history)
    )


class _CountWindows(beam.CombineFn):
    def create_accumulator(self) -> Counter[str]:
        return Counter()

    def add_input(self, accumulator: Counter[str], element: dict[str, int]) -> Counter[str]:
        accumulator.update(element)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Counter[str]]) -> Counter[str]:
        merged: Counter[str] = Counter()
        for accumulator in accumulators:
            merged.update(accumulator)
        return merged

    def extract_output(self, accumulator: Counter[str]) -> dict[str, int]:
        return dict(accumulator)


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
        folders |= {period: os.path.join(windows.uri, period) for period in _PERIODS}
        for folder in folders.values():
            fileio.makedirs(folder)
        with fileio.open(os.path.join(windows.uri, FEATURE_SPACE), "w") as file:
            file.write(space.to_json())
        shards = shard_files(spans)
        followed = of_products(current.uri, "follows")
        summary = os.path.join(windows.uri, WINDOWS)
        with self._make_beam_pipeline() as pipeline:
            spread = (
                pipeline
                | "Shards" >> beam.Create([(i, len(shards), files) for i, files in enumerate(shards)])
                | "Spread" >> beam.Reshuffle()
            )
            lent = {}
            if any(followed.values()):
                lent["lent"] = beam.pvalue.AsSingleton(_lending(spread, followed, space, options))
            _ = (
                spread
                | "Cut"
                >> beam.ParDo(_CutShards(folders, origins_of, borders, current.uri, space, options), **lent)
                | "Count" >> beam.CombineGlobally(_CountWindows())
                | "Write" >> beam.Map(_write_json, path=summary)
            )
        with fileio.open(summary) as file:
            counts = json.loads(file.read())
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
        _write_json(
            {"windows": windows_of, "spans": [span.span for span in spans], "borders": dates}, path=summary
        )


def _write_json(value: Any, path: str) -> None:
    with fileio.open(path, "w") as file:
        file.write(json.dumps(value, indent=1))


def _day(artifact: standard_artifacts.Examples, name: str) -> int:
    return to_days(date.fromisoformat(artifact.get_string_custom_property(name)))
