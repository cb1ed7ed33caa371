"""What a new product is lent by the one that it follows: the history before its own first date, at a fading weight.

A product that follows another has, in a window, the predecessor's units in the periods before its first date, with
``history_present`` less than 1: the weight at which they count beside its own sales. It falls from 1 by equal steps, to
0 at ``minimum_history`` periods of its own, from where on the model plans any product by its own sales alone.

The predecessor's rows may lie in another shard. So all shards tell of the first dates of products that follow others
(``debuts``), then all of them of what is lent to these (``lend``), before any window is cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.example_generation.joining.products import ByStore, by_store, of_store
from components.windowing.options import WindowOptions
from components.windowing.timeline import Timeline
from contracts.arrays import Arrays, Integers
from contracts.rows import KEYS, SERIES_KEYS, index_in, series_bounds, single
from transforms.features import FeatureSpace

Debut = tuple[str, str, int]
"""Store, product and first date, days since 1970-01-01."""

COLUMNS = ("store_id", "product_id", "date", "units_sold", "in_stock", "on_promotion")
"""Of rows, which is all that must be read of them."""

_SCHEMA = pa.schema(
    {
        "store_id": pa.string(),
        "product_id": pa.string(),
        "lender": pa.string(),
        "rank": pa.int64(),
        "date": pa.int64(),
        "units_sold": pa.float32(),
        "in_stock": pa.float32(),
        "on_promotion": pa.float32(),
    }
)


def debuts(rows: pa.Table, followed: ByStore) -> list[Debut]:
    """The first dates of the series of a shard that follow others.

    Args:
        rows: flat rows sorted by series and date, whose first date of a series is that of all data.
    """
    first = rows.select(KEYS).take(pa.array(series_bounds(rows)[:-1]))
    return [
        (store, product, day)
        for store, product, day in zip(*(column.to_pylist() for column in first.columns), strict=True)
        if product in of_store(followed, store)
    ]


def lend(rows: pa.Table, wanted: Iterable[Debut], followed: ByStore, reach: int) -> pa.Table:
    """What the series of a shard lend to those that follow them: known units before the other's first date.

    Args:
        rows: flat rows sorted by series and date.
        wanted: first dates of products that follow others.
        reach: how many days before that date.

    Returns:
        store_id and product_id of the borrower; ``lender``, with ``rank``, which is 1 of its predecessor, 2 of the one
        before; date, units_sold, in_stock, on_promotion.
    """
    bounds, days = series_bounds(rows), rows["date"].to_numpy()
    first = rows.select(SERIES_KEYS).take(pa.array(bounds[:-1]))
    series = {key: i for i, key in enumerate(zip(*(c.to_pylist() for c in first.columns), strict=True))}
    parts = [_SCHEMA.empty_table()]
    for store, product, debut in wanted:
        for rank, lender in enumerate(_chain(product, of_store(followed, store)), start=1):
            i = series.get((store, lender))
            if i is None:
                continue
            begin, end = bounds[i] + np.searchsorted(days[bounds[i] : bounds[i + 1]], [debut - reach, debut])
            found = rows.slice(begin, end - begin)
            found = found.filter(found["units_sold"].is_valid())
            names = {"store_id": store, "product_id": product, "lender": lender, "rank": rank}
            columns = {name: pa.array([value] * found.num_rows) for name, value in names.items()}
            for name in COLUMNS[2:]:
                there = name in found.column_names
                columns[name] = single(found[name]) if there else pa.nulls(found.num_rows)
            parts.append(pa.table({field.name: columns[field.name].cast(field.type) for field in _SCHEMA}))
    return pa.concat_tables(parts)


@dataclass(frozen=True)
class Lent:
    """What all shards lend.

    Attributes:
        rows: as of ``lend``, of each borrower those of one lender.
        periods: of a borrower's own, at which the weight is 0.
    """

    rows: pa.Table
    periods: int

    @classmethod
    def of(cls, tables: Sequence[pa.Table], periods: int) -> Lent:
        """Of several predecessors the nearest that has anything to lend."""
        rows = pa.concat_tables([_SCHEMA.empty_table(), *tables])
        nearest = rows.group_by(list(SERIES_KEYS)).aggregate([("rank", "min")])
        found = index_in(rows, nearest, SERIES_KEYS)
        chosen = single(nearest["rank_min"]).take(found)
        return cls(rows.filter(pa.array(np.asarray(chosen) == rows["rank"].to_numpy())), periods)

    def weights(self, own: Integers) -> NDArray[np.float32]:
        """What lent periods count beside own ones, at so many periods since the first date, 0..1."""
        return np.clip(1 - own / self.periods, 0, 1).astype(np.float32)

    def words(self, series: pa.Table, own: Integers) -> pa.Array:
        """What an order line has to say of it; null where nothing is lent, or counts no more.

        Args:
            series: store_id and product_id, [N].
            own: periods since the first date, [N].
        """
        index, weights = index_in(series, self.rows, SERIES_KEYS), self.weights(own)
        lenders = single(self.rows["lender"]).take(index).to_pylist()
        return pa.array(
            [
                f"with the history of {lender}, which it follows, at a weight of {weight:.2f}"
                if lender is not None and weight > 0
                else None
                for lender, weight in zip(lenders, weights, strict=True)
            ],
            pa.string(),
        )


def lent_among(
    shards: Callable[[], Iterable[pa.Table]],
    products: pa.Table | None,
    space: FeatureSpace,
    options: WindowOptions,
) -> Lent | None:
    """What shards that this process can read lend; None where nothing follows anything.

    Args:
        shards: gives the flat rows of each, sorted by series and date; not called where nothing follows anything.
        products: checked rows; None: there is no such file.
        space: says how long a history is.
        options: of the windows.
    """
    followed = by_store(products, "follows")
    if not any(followed.values()):
        return None
    reach = space.history * space.period_days
    wanted = [debut for rows in shards() for debut in debuts(rows, followed)]
    return Lent.of([lend(rows, wanted, followed, reach) for rows in shards()], options.minimum_history)


class StandIn:
    """What is lent to the series of one shard, on its time line."""

    def __init__(self, lent: Lent, series: pa.Table, line: Timeline, history: int) -> None:
        """Lays it out.

        Args:
            lent: to any series.
            series: store_id and product_id of those on the line, in their order.
            line: with room of ``history`` periods before each first date.
            history: periods that a model sees.
        """
        self._lent, self._line = lent, line
        index = index_in(lent.rows, series, SERIES_KEYS)
        rows = lent.rows.filter(index.is_valid())
        owner = index.drop_null().to_numpy(zero_copy_only=False)
        back = (line.first_date[owner] - rows["date"].to_numpy()) // line.period_days
        inside = (back >= 1) & (back <= history)
        owner, position = owner[inside], (line.start[owner] - back)[inside]
        self._there = np.zeros(line.length, dtype=bool)
        self._there[position] = True
        self._values = {}
        for feature, column, usual in (
            ("history_units", "units_sold", 0.0),
            ("history_in_stock", "in_stock", 1.0),
            ("history_promotion", "on_promotion", np.nan),
        ):
            values = rows[column].fill_null(usual).to_numpy()[inside]
            self._values[feature] = np.full(line.length, usual, dtype=np.float32)
            self._values[feature][position] = values
        self.known_from = line.first_date.copy()
        np.minimum.at(self.known_from, owner, line.first_date[owner] - back[inside] * line.period_days)

    def put_into(self, windows: Arrays, past: Integers, position: Integers) -> Arrays:
        """The windows with what is lent in the place of the periods before the first date.

        Args:
            windows: features, each [n, size].
            past: positions of the history on the line, [n, T].
            position: those of the origins, [n].
        """
        line = self._line
        own = position - line.start[np.searchsorted(line.start, position, side="right") - 1] + 1
        weight = self._lent.weights(own)[:, None]
        counts = self._there[past] & (weight > 0)
        if not counts.any():
            return windows
        values = {name: values[past] for name, values in self._values.items()} | {"history_present": weight}
        return windows | {name: np.where(counts, value, windows[name]) for name, value in values.items()}


def _chain(product: str, followed: Mapping[str, str]) -> list[str]:
    """The predecessors of a product, the nearest first."""
    found: list[str] = []
    while (product := followed.get(product, "")) and product not in found:
        found.append(product)
    return found
