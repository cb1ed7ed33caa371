"""What the pushed pair says of every series of a shard, and what its rows say, one row a series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from components.example_generation.contract import EXACT
from components.example_generation.joining.future import Future
from components.policy_comparison.predicting import ASKED_AT_ONCE, AskRaw
from components.windowing.baselines import open_shares, without_peaks
from components.windowing.cutting import Shard, Windows
from components.windowing.following import Lent
from components.windowing.options import WindowOptions
from components.windowing.serving import with_known_future
from contracts.arrays import Arrays, Integers
from contracts.columns import MINIMUM_ORDER_VALUE, ORDER_WEEKDAYS, SUPPLIER
from contracts.models import DEMAND, REPLENISHMENT
from contracts.rows import KEYS, OPEN, SERIES_KEYS, floats, index_in, newest, series_bounds, single
from inventory.base_stock import moments_of_quantiles, protection_interval
from inventory.history import largest_stretch
from inventory.suppliers.order_days import days_to_next
from serving.examples import KINDS
from serving.promotions import promoted_periods, without_promotions
from transforms.features import FeatureSpace

_NUMBERS = (
    "lead_time", "pack_size", "minimum_order_quantity", "maximum_order_quantity", "holding_cost", "shortage_cost",
    "unit_cost", "presentation_stock", "shelf_capacity", "shelf_life", ORDER_WEEKDAYS,
    MINIMUM_ORDER_VALUE,
)  # fmt: skip

_ACTUAL = ("units_sold", "in_stock", "on_hand", "on_order", "unit_price")


def score(
    rows: pa.Table,
    stock: pa.Table,
    future: Future,
    as_of: int,
    space: FeatureSpace,
    options: WindowOptions,
    models: Mapping[str, AskRaw],
    lent: Lent | None = None,
) -> pa.Table:
    """One row for each series of the shard, in the rows' order.

    Args:
        rows: flat rows sorted by series and date, none after ``as_of``; at least one.
        stock: of the same shard (example_generation.stock).
        future: what is known of the time after (example_generation.future).
        as_of: the origin, days since 1970-01-01.
        space: the features that the models read.
        options: as the models were trained with.
        models: both by name.
        lent: what products are lent by those that they follow; None: nothing.

    Returns:
        store_id, product_id, category; the product's attributes as of its newest row, and its supplier with what that
        one asks for; ``review_period`` (periods until the next order); ``last_known`` (date of the
        newest known sales, or closed day; null where there are none); ``history`` (known or closed periods among those
        that a model sees; 0 where none is known); ``open_share`` (of the protection interval's periods);
        ``on_hand`` and ``on_order`` with ``stock_date`` and ``order_date`` (as stock has them; null where none is
        known), and ``sold_since`` (units known to be sold after the stock's date);
        ``sold`` (units in the history) and ``selling`` (periods with sales); ``peak`` (most units in one
        period of it), ``stretch`` (most in as many periods as the protection interval has) and ``mean`` (of the fully
        stocked ones, units a period), all three without lone peaks; ``base_stock_level`` (units), ``model_level``
        and ``largest_order`` (units, of the replenishment model), ``quantiles`` (units, list of horizon x levels), and
        ``promotion_units`` (list of horizon: what planned
        promotions add to the mean forecast; null where none is planned). Null, all of these from ``history`` on but
        stock, where the series has no history left. All of them count what is lent to a series as its own; ``lent``
        says for the line by whom, and is null where that is nobody.
    """
    bounds = series_bounds(rows)
    final = rows.take(pa.array(bounds[1:] - 1))
    table = {name: final[name] for name in ("store_id", "product_id", "category")}
    table |= {name: _numbers(final, name) for name in _NUMBERS}
    table[SUPPLIER] = final[SUPPLIER] if SUPPLIER in final.column_names else pa.nulls(len(final), pa.string())
    taken = np.nan_to_num(floats(table[ORDER_WEEKDAYS])).astype(np.int64)
    table["review_period"] = pa.array(days_to_next(taken, as_of, options.review_period))
    table["last_known"] = newest(_nothing_sold_where_closed(rows), bounds, "units_sold", "date")
    stock_index = index_in(final, stock, SERIES_KEYS)
    for name in ("on_hand", "stock_date", "on_order", "order_date"):
        table[name] = stock[name].take(stock_index)
    table["sold_since"] = _sold_since(rows, bounds, single(table["stock_date"]))
    models_see = [name for name in rows.column_names if name not in EXACT]
    seen = rows.select(models_see).filter(pc.greater(rows["date"], as_of - space.history * space.period_days))
    answers = _answers(seen, rows, future, as_of, space, options, models, lent)
    answer_index = index_in(table, answers, SERIES_KEYS)
    for name in _ANSWERS:
        table[name] = answers[name].take(answer_index)
    table["lent"] = pa.nulls(len(final), pa.string())
    if lent is not None:
        first = rows["date"].to_numpy()[bounds[:-1]]
        table["lent"] = lent.words(final, (as_of - first) // space.period_days + 1)
    return pa.table(table)


def _answers(
    rows: pa.Table,
    older: pa.Table,
    future: Future,
    as_of: int,
    space: FeatureSpace,
    options: WindowOptions,
    models: Mapping[str, AskRaw],
    lent: Lent | None,
) -> dict[str, pa.Array]:
    """What can be said of the series that have a window at the origin."""
    continued, _ = with_known_future(rows, future, space, as_of)
    # Short histories get a window too: they are planned for, if not by the model.
    shard = Shard(continued, space, options.model_copy(update={"minimum_history": 1}), lent, older)
    parts: dict[str, list[NDArray[Any]]] = {name: [] for name in ("store_id", "product_id", *_ANSWERS)}
    for windows in shard.decision_points(np.array([as_of])):
        observed, stocked = windows["history_present"] > 0, windows["history_in_stock"] >= 1
        told = observed | (windows["history_open"] == 0)
        units = without_peaks(windows)
        found = {
            "store_id": windows["store_id"][:, 0],
            "product_id": windows["product_id"][:, 0],
            "history": np.where(observed.any(axis=1), told.sum(axis=1), 0),
            "open_share": open_shares(windows),
            "sold": (windows["history_units"] * observed).sum(axis=1),
            "selling": (observed & (units > 0)).sum(axis=1),
            "peak": (units * observed).max(axis=1),
            "stretch": largest_stretch(units * observed, told, _interval(windows)),
            "mean": (units * stocked).sum(axis=1) / np.maximum(stocked.sum(axis=1), 1),
            "base_stock_level": windows["base_stock_level"][:, 0],
        }
        asked = list(_asked(windows, space, models))
        for name in ("model_level", "largest_order", *_LISTS):
            found[name] = np.concatenate([answer[name] for answer in asked])
        for name, values in found.items():
            parts[name].append(values)
    arrays = {name: np.concatenate(values) if values else np.zeros(0) for name, values in parts.items()}
    return {
        **{name: pa.array(arrays[name], pa.binary()).cast(pa.string()) for name in SERIES_KEYS},
        **{name: pa.array(arrays[name].astype(np.float64)) for name in _ANSWERS if name not in _LISTS},
        **{name: _lists(arrays[name], has_nulls=name == "promotion_units") for name in _LISTS},
    }


def _lists(values: NDArray[Any], has_nulls: bool) -> pa.Array:
    """[N, width] as lists of float32, NaN as it is or null; where there is no series, of any width."""
    width = int(values.shape[1]) if values.ndim == 2 else 1
    flat = pa.array(values.reshape(-1).astype(np.float32), from_pandas=has_nulls)
    return pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, width, dtype=np.int32), flat)


_LISTS = ("quantiles", "promotion_units")
_ANSWERS = (
    "history", "open_share", "sold", "selling", "peak", "stretch", "mean", "base_stock_level", "model_level",
    "largest_order", *_LISTS,
)  # fmt: skip


def _interval(windows: Windows) -> Integers:
    return protection_interval(windows["lead_time"][:, 0], windows["review_period"][:, 0])


def _asked(windows: Windows, space: FeatureSpace, models: Mapping[str, AskRaw]) -> Iterator[Arrays]:
    """Batch by batch ``model_level`` and ``largest_order`` [n], ``quantiles`` [n, horizon x levels] and
    ``promotion_units`` [n, horizon].
    """
    kinds = {feature.name: KINDS[feature.dtype] for feature in space.model_inputs()}

    def tensors(batch: Windows) -> dict[str, tf.Tensor]:
        return {name: tf.constant(batch[name], kind) for name, kind in kinds.items()}

    for begin in range(0, len(windows["store_id"]), ASKED_AT_ONCE):
        batch = {name: windows[name][begin : begin + ASKED_AT_ONCE] for name in kinds}
        asked = tensors(batch)
        ordered = models[REPLENISHMENT](asked)
        planned = models[DEMAND](asked)
        quantiles = planned["quantiles"].numpy()
        added = np.full((len(quantiles), space.horizon), np.nan)
        promoted = promoted_periods(batch)
        if promoted is not None and (some := promoted.any(axis=1)).any():
            chosen = {name: values[some] for name, values in batch.items()}
            plain = models[DEMAND](tensors(without_promotions(chosen, promoted[some])))["quantiles"].numpy()
            levels = planned["levels"][0].numpy()
            means = [moments_of_quantiles(levels, found)[0] for found in (quantiles[some], plain)]
            added[some] = np.where(promoted[some], means[0] - means[1], np.nan)
        yield {
            "model_level": ordered["order_up_to_level"].numpy()[:, 0],
            "largest_order": ordered["largest_order"].numpy()[:, 0],
            "quantiles": quantiles.reshape(len(quantiles), -1),
            "promotion_units": added,
        }


def _nothing_sold_where_closed(rows: pa.Table) -> pa.Table:
    if OPEN not in rows.column_names:
        return rows
    units = pc.if_else(pc.equal(rows[OPEN], 0).fill_null(False), 0.0, _numbers(rows, "units_sold"))
    return rows.set_column(rows.column_names.index("units_sold"), "units_sold", units)


def _numbers(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.float64())
    return table[name].cast(pa.float64())


def _sold_since(rows: pa.Table, bounds: Integers, since: pa.Array) -> pa.Array:
    """Of each series the known units after a date; 0 where there is no date."""
    day = np.repeat(since.fill_null(np.iinfo(np.int64).max).to_numpy(zero_copy_only=False), np.diff(bounds))
    # Rows hold float32, which is the decimal of the file again in thousandths.
    units = np.round(np.nan_to_num(_numbers(rows, "units_sold").to_numpy()), 3)
    return pa.array(np.add.reduceat(np.where(rows["date"].to_numpy() > day, units, 0.0), bounds[:-1]))


def actuals(rows: pa.Table, after: int) -> pa.Table:
    """The rows after a date as the store keeps them."""
    kept = [name for name in (*KEYS, *_ACTUAL, "on_promotion", OPEN) if name in rows.column_names]
    chosen = rows.select(kept).filter(pc.greater(rows["date"], after))
    table = {
        "store_id": chosen["store_id"],
        "product_id": chosen["product_id"],
        "date": chosen["date"].cast(pa.int32()).cast(pa.date32()),
    }
    for name in _ACTUAL:
        table[name] = _numbers(chosen, name).cast(pa.float32())
    promoted = _numbers(chosen, "on_promotion")
    table["on_promotion"] = pc.greater(promoted, 0)
    table[OPEN] = pc.greater(_numbers(chosen, OPEN).fill_null(1.0), 0)
    return pa.table(table)


def events(rows: pa.Table, future: pa.Table, columns: Sequence[str]) -> pa.Table:
    """Holidays and events, past and to come: texts by their name, numbers that are not 0 by their column's.

    Args:
        rows: flat rows; those of one series of each store are enough.
        future: as of ``score``.
        columns: those that are known in the future.
    """
    found = []
    for source in (rows, future):
        for name in columns:
            if name not in source.column_names or source.num_rows == 0:
                continue
            column = source[name]
            if pa.types.is_string(column.type):
                there, names = pc.not_equal(pc.fill_null(column, ""), ""), column
            else:
                there = pc.not_equal(pc.fill_null(column.cast(pa.float64()), 0.0), 0.0)
                names = pa.array([name] * source.num_rows, pa.string())
            part = pa.table({"store_id": source["store_id"], "date": source["date"], "name": names})
            found.append(part.filter(there))
    if not found:
        return pa.table(
            {
                "store_id": pa.array([], pa.string()),
                "date": pa.array([], pa.date32()),
                "name": pa.array([], pa.string()),
            }
        )
    whole = pa.concat_tables([part.cast(found[0].schema) for part in found])
    unique = whole.group_by(["store_id", "date", "name"]).aggregate([])
    return unique.set_column(
        unique.column_names.index("date"), "date", unique["date"].cast(pa.int32()).cast(pa.date32())
    ).select(["store_id", "date", "name"])
