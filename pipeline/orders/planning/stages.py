"""Scoring on Beam: each shard of rows to what the pair says of its series."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.future import Future
from components.example_generation.stages import stock_of
from components.policy_comparison.predicting import AskRaw, load_raw
from components.windowing.following import Lent
from components.windowing.options import WindowOptions
from contracts.arrays import Floats
from contracts.durable import replacing
from contracts.rows import KEYS, read_flat, series_bounds, stack, write_flat
from pipeline.orders.planning.scoring import actuals, events, score
from transforms.features import FeatureSpace

PARTS = ("scored", "actuals", "events")
_LOOK_SECONDS = 0.02


class ScoreShard(beam.DoFn):
    """A shard's file to one flat file of each of its parts in the folder."""

    def __init__(
        self,
        folder: str,
        models: dict[str, str],
        as_of: int,
        space: str,
        options: str,
        lent: Lent | None,
        parts: Sequence[str] = PARTS,
    ) -> None:
        """Args: as of ``score``, models by the folders of their versions, the others serialized; parts: of PARTS."""
        self._folder = folder
        self._folders = models
        self._as_of = as_of
        self._space = space
        self._options = options
        self._lent = lent
        self._parts = parts
        self._models: dict[str, Any] = {}
        self._future: Future | None = None

    def setup(self) -> None:
        """Loads the pair and what is known of the time to come, once a worker."""
        self._future = Future.read(self._folder)
        self._models = {name: load_raw(folder) for name, folder in self._folders.items()}

    def process(self, shard: str) -> Iterator[int]:
        """Scores one shard; the number of its series."""
        rows, stock = read_flat(shard), read_flat(stock_of(shard))
        space = FeatureSpace.from_json(self._space)
        assert self._future is not None
        options = WindowOptions.model_validate_json(self._options)
        made = parts_of(
            rows, stock, self._future, self._as_of, space, options, self._models, self._lent, self._parts
        )
        for part, table in made.items():
            # A worker may be run again after it died: a file of the final name is always whole.
            with replacing(Path(self._folder, part, Path(shard).name), durable=False) as temporary:
                write_flat(table, temporary)
        yield len(series_bounds(rows)) - 1


def parts_of(
    rows: pa.Table,
    stock: pa.Table,
    future: Future,
    as_of: int,
    space: FeatureSpace,
    options: WindowOptions,
    models: Mapping[str, AskRaw],
    lent: Lent | None,
    parts: Sequence[str] = PARTS,
) -> dict[str, pa.Table]:
    """What there is to say of whole series, by the names of PARTS; the arguments are those of ``score``."""
    after = as_of - space.history * space.period_days
    makers: dict[str, Callable[[], pa.Table]] = {
        "scored": lambda: score(rows, stock, future, as_of, space, options, models, lent),
        "actuals": lambda: actuals(rows, after),
        "events": lambda: _events(rows, future, as_of, after, space),
    }
    return {part: makers[part]() for part in parts}


def _events(rows: pa.Table, future: Future, as_of: int, after: int, space: FeatureSpace) -> pa.Table:
    known = [external.column for external in space.externals() if external.reach]
    narrow = rows.select([*KEYS, *(name for name in known if name in rows.column_names)])
    coming = future.external.filter(pc.greater(future.external["date"], as_of))
    recent = narrow.filter(pc.greater(rows["date"], after))
    return events(_one_series_a_store(recent), coming, known)


def _one_series_a_store(rows: pa.Table) -> pa.Table:
    """Of each store the series with the most rows: external factors are the same for all of them."""
    bounds = series_bounds(rows)
    if len(bounds) == 1:
        return rows
    stores = np.asarray(rows["store_id"].take(pa.array(bounds[:-1])))
    lengths = np.diff(bounds)
    order = np.lexsort((-lengths, stores))
    first = order[np.append(True, stores[order][1:] != stores[order][:-1])]
    return pa.concat_tables([rows.slice(bounds[i], lengths[i]) for i in first])


def build(pipeline: beam.Pipeline, shards: list[str], scoring: ScoreShard) -> None:
    """Adds scoring to a pipeline; its folder has a folder of each of its parts."""
    _ = pipeline | "Shards" >> beam.Create(shards) | "Score" >> beam.ParDo(scoring)


def read_part(folder: str, part: str) -> pa.Table:
    """All files of one of PARTS, in the shards' order."""
    return pa.concat_tables(each_of_part(folder, part))


def each_of_part(folder: str, part: str) -> Iterator[pa.Table]:
    """The same one by one."""
    return map(read_flat, _finished(folder, part))


def arriving(folder: str, part: str, over: threading.Event) -> Iterator[pa.Table]:
    """The files of one of PARTS as workers finish them, until the event says that all have."""
    seen: set[str] = set()
    last = False
    while not last:
        last = over.wait(_LOOK_SECONDS)
        for path in _finished(folder, part):
            if path not in seen:
                seen.add(path)
                yield read_flat(path)


def in_order(loaded: list[tuple[pa.Table, Floats]]) -> tuple[pa.Table, Floats]:
    """Rows and mean demand of all shards, by store and product."""
    scored = stack([rows for rows, _ in loaded])
    order = pc.sort_indices(scored, [("store_id", "ascending"), ("product_id", "ascending")])
    return scored.take(order), np.concatenate([mean for _, mean in loaded])[order.to_numpy()]


def _finished(folder: str, part: str) -> list[str]:
    # Unlike temporary ones, whole files do not begin with a dot.
    return sorted(str(path) for path in Path(folder, part).iterdir() if not path.name.startswith("."))
