"""Windowing on Beam: one shard of rows in, one file of windows for each split out, with no shuffle."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.example_generation.joining.future import Future
from components.example_generation.joining.products import ByStore
from components.windowing.cutting import Shard
from components.windowing.encoding import write_examples
from components.windowing.following import COLUMNS, Debut, Lent, debuts, lend
from components.windowing.merging import merge_spans
from components.windowing.options import WindowOptions
from components.windowing.serving import with_known_future
from components.windowing.splits import SPLITS
from components.windowing.sufficiency import counted
from contracts.columns import ORDER_WEEKDAYS
from contracts.durable import replacing
from contracts.files import CHOICE_PERIOD, TEST_PERIOD
from contracts.rows import read_shard, series_bounds
from contracts.splits import CHOICE_POINTS, DECISION_POINTS, REFIT
from inventory.policies import look_back
from transforms.features import FeatureSpace

CHOICE_SERIES = 5000
"""Series by which the policy that plans is chosen: enough to tell one from another, whatever there are."""

PERIODS = (TEST_PERIOD, CHOICE_PERIOD)
"""Periods whose rows are kept beside the windows."""

_COUNTS = "counts"


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


class Cutting(NamedTuple):
    """What is cut out of every shard.

    Attributes:
        origins: by split, days since 1970-01-01.
        borders: the last date before the test period, and the last of all, days since 1970-01-01.
        future: folder of what is known of the time after.
        space: the features of a window.
        options: lengths and baselines.
    """

    origins: dict[str, Any]
    borders: tuple[int, int]
    future: str
    space: FeatureSpace
    options: WindowOptions


class _CutShards(beam.DoFn):
    def __init__(self, cutting: Cutting, folders: dict[str, str], scratch: str) -> None:
        self._cutting = cutting
        self._folders = folders
        self._scratch = Path(scratch)
        self._known: Future | None = None

    def setup(self) -> None:
        """Reads what is known of the time after, once a worker."""
        self._known = Future.read(self._cutting.future)

    def process(
        self, element: tuple[int, int, list[str]], lent: Lent | None = None
    ) -> Iterator[dict[str, int]]:
        index, count, files = element
        shard = f"{index:05d}-of-{count:05d}"
        assert self._known is not None
        of_shard = -(-CHOICE_SERIES // count)
        # A worker may be run again after it died, or wake when another has done its work: a file of the final name is
        # always whole, and TFX reads all that lies beside it.
        with ExitStack() as unfinished:
            targets = {
                name: str(unfinished.enter_context(replacing(path, durable=False, within=self._scratch)))
                for name, path in self._paths(shard).items()
            }
            cut = self._cutting
            counts = cut_shard(
                files, targets, cut.origins, cut.borders, self._known, cut.space, cut.options, lent, of_shard
            )
        yield counts

    def _paths(self, shard: str) -> dict[str, Path]:
        """A shard's file of each split and period."""
        return {
            name: Path(folder, f"rows-{shard}.parquet" if name in PERIODS else f"windows-{shard}.gz")
            for name, folder in self._folders.items()
        }


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


def build(
    pipeline: beam.Pipeline,
    shards: Sequence[list[str]],
    cutting: Cutting,
    folders: dict[str, str],
    scratch: str,
    followed: ByStore,
) -> None:
    """Adds windowing to a pipeline.

    Args:
        shards: the files of each, oldest span first.
        cutting: what is cut.
        folders: by split and period where its files go; they must exist.
        scratch: folder of unfinished files and of the counts (``read_counts``); it must exist, be the same for all
            workers, and lie on the file system of ``folders``.
        followed: what products follow which.
    """
    spread = (
        pipeline
        | "Shards" >> beam.Create([(i, len(shards), files) for i, files in enumerate(shards)])
        | "Spread" >> beam.Reshuffle()
    )
    lent = {}
    if any(followed.values()):
        lent["lent"] = beam.pvalue.AsSingleton(_lending(spread, followed, cutting.space, cutting.options))
    _ = (
        spread
        | "Cut" >> beam.ParDo(_CutShards(cutting, folders, scratch), **lent)
        | "Count" >> beam.CombineGlobally(_CountWindows())
        | "Write" >> beam.Map(_write_counts, path=str(Path(scratch, _COUNTS)))
    )


def _write_counts(counts: dict[str, int], path: str) -> None:
    with replacing(Path(path), durable=False) as temporary:
        temporary.write_text(json.dumps(counts), encoding="utf-8")


def read_counts(scratch: str) -> dict[str, int]:
    """Number of windows by split, and what they hold (``cut_shard``), of all shards."""
    counts: dict[str, int] = json.loads(Path(scratch, _COUNTS).read_text(encoding="utf-8"))
    return counts
