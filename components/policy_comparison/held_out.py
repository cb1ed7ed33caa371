"""The test period as the simulation lives through it: demand, supply and stock of every series."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa

from contracts.arrays import Flags, Floats, Integers, Texts
from contracts.columns import MINIMUM_ORDER_VALUE, ORDER_WEEKDAYS, SUPPLIER
from contracts.rows import OPEN, floats, series_bounds
from inventory.policies import look_back
from transforms.history import RECOVERY_CAP


@dataclass(frozen=True)
class HeldOut:
    """N series over P periods, and over the B periods of ``LOOK_BACK`` reviews before.

    Attributes:
        store_id, product_id, category: text, [N].
        demand: units, [N, P]; see ``estimated_demand`` for periods without full stock.
        estimated: where demand is an estimate, [N, P] of bool.
        before: units sold in the B periods before, [N, B], 0 where unknown.
        on_hand, on_order: units at the end of the period before the first, [N]; NaN where unknown.
        lead_time: periods, [N].
        pack_size, minimum, maximum: units, [N]; a maximum may be NaN.
        holding_cost, shortage_cost, unit_cost: money, [N]; a unit cost may be NaN.
        presentation_stock: units, [N]; 0: none.
        shelf_capacity: units, [N]; NaN: any.
        shelf_life: periods, [N]; NaN: for good.
        supplier: text, [N]; empty: none.
        minimum_order_value: money that the order of a store and supplier is for at the least, [N]; NaN: any.
        order_weekdays: on which orders are placed, [N], as of ``inventory.suppliers.order_days``.
        cutoff: date of the period before the first, days since 1970-01-01.
        reviews: periods at whose end any of them, or of others, is reviewed, from -1 on; empty: as they ask for it.
    """

    store_id: Texts
    product_id: Texts
    category: Texts
    demand: Floats
    estimated: Flags
    before: Floats
    on_hand: Floats
    on_order: Floats
    lead_time: Integers
    pack_size: Floats
    minimum: Floats
    maximum: Floats
    holding_cost: Floats
    shortage_cost: Floats
    unit_cost: Floats
    presentation_stock: Floats
    shelf_capacity: Floats
    shelf_life: Floats
    supplier: Texts
    minimum_order_value: Floats
    order_weekdays: Integers
    cutoff: int
    reviews: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.demand)

    def chosen(self, which: Flags) -> HeldOut:
        """The series that ``which``, [N] of bool, is true for."""
        arrays = (field.name for field in fields(self) if field.name not in ("cutoff", "reviews"))
        return replace(self, **{name: getattr(self, name)[which] for name in arrays})


def lay_out(rows: pa.Table, cutoff: int, periods: int, review_period: int, period_days: int) -> HeldOut:
    """The series that have rows at the cutoff of the test period and on its last date.

    Args:
        rows: flat rows sorted by series and date, from ``look_back`` periods before the test period on.
        cutoff: days since 1970-01-01 of the period before the first one.
        periods: P.
        review_period: R.
        period_days: 1 or 7.
    """
    bounds = series_bounds(rows)
    series = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    order_weekdays = np.nan_to_num(_floats(rows, ORDER_WEEKDAYS)).astype(np.int64)
    past = look_back(review_period, bool(order_weekdays.any()))
    column = (rows["date"].to_numpy() - cutoff) // period_days - 1 + past
    shape = len(bounds) - 1, past + periods
    inside = (column >= 0) & (column < shape[1])
    row_index = np.full(shape, -1, dtype=np.int64)
    row_index[series[inside], column[inside]] = np.flatnonzero(inside)
    kept = (row_index[:, past - 1] >= 0) & (row_index[:, -1] >= 0)
    row_index = row_index[kept]
    at_cutoff = row_index[:, past - 1]

    def spread(name: str, missing: float) -> Floats:
        values = np.append(_floats(rows, name), np.nan)[row_index]
        return np.where(np.isnan(values), missing, values)

    units = np.append(_floats(rows, "units_sold"), np.nan)[row_index]
    in_stock = spread("in_stock", 1.0)
    demand, estimated = estimated_demand(units, in_stock, spread(OPEN, 1.0) > 0)
    return HeldOut(
        **{name: _texts(rows, name)[at_cutoff] for name in ("store_id", "product_id", "category")},
        demand=demand[:, past:],
        estimated=estimated[:, past:],
        before=np.nan_to_num(units[:, :past]),
        on_hand=_floats(rows, "on_hand")[at_cutoff],
        on_order=_floats(rows, "on_order")[at_cutoff],
        lead_time=_floats(rows, "lead_time")[at_cutoff].astype(np.int64),
        pack_size=_floats(rows, "pack_size")[at_cutoff],
        minimum=_floats(rows, "minimum_order_quantity")[at_cutoff],
        maximum=_floats(rows, "maximum_order_quantity")[at_cutoff],
        holding_cost=_floats(rows, "holding_cost")[at_cutoff],
        shortage_cost=_floats(rows, "shortage_cost")[at_cutoff],
        unit_cost=_floats(rows, "unit_cost")[at_cutoff],
        presentation_stock=np.nan_to_num(_floats(rows, "presentation_stock")[at_cutoff]),
        shelf_capacity=_floats(rows, "shelf_capacity")[at_cutoff],
        shelf_life=_floats(rows, "shelf_life")[at_cutoff],
        supplier=_texts(rows, SUPPLIER)[at_cutoff],
        minimum_order_value=_floats(rows, MINIMUM_ORDER_VALUE)[at_cutoff],
        order_weekdays=order_weekdays[at_cutoff],
        cutoff=cutoff,
    )


def estimated_demand(units: Floats, in_stock: Floats, is_open: Flags) -> tuple[Floats, Flags]:
    """Demand of each period, and where it had to be estimated, both [N, P].

    With stock throughout, sales are demand. With stock for a share of the period they are scaled up by it, to at
    most RECOVERY_CAP times; without any stock, or where sales are unknown, demand is taken as the series' mean over
    its other periods. Of a closed store nobody wants anything. No forecast comes in, so that no model is judged by its
    own opinion.

    Args:
        units: units sold, NaN where unknown.
        in_stock: share of the period with stock, 0..1.
        is_open: whether the store is.
    """
    observed = np.isfinite(units) & (in_stock > 0)
    scaled = np.where(observed, np.nan_to_num(units) / np.maximum(in_stock, 1 / RECOVERY_CAP), 0.0)
    mean = scaled.sum(axis=1, keepdims=True) / np.maximum(observed.sum(axis=1, keepdims=True), 1)
    demand = np.where(observed, scaled, np.maximum(mean, np.nan_to_num(units)))
    return np.where(is_open, demand, 0.0), is_open & (~observed | (in_stock < 1))


def _floats(rows: pa.Table, name: str) -> Floats:
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return floats(rows[name])


def _texts(rows: pa.Table, name: str) -> Texts:
    if name not in rows.column_names:
        return np.full(rows.num_rows, "", dtype=object)
    return np.asarray(rows[name].fill_null("").to_numpy())
