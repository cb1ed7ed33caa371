"""What lies on the shelf and is on its way at the end of the plan's date, from the newest stock that was told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from contracts.arrays import Floats, Texts
from contracts.dates import to_date
from contracts.rows import SERIES_KEYS, index_in
from inventory.simulation import spread_open_orders
from pipeline.orders.planning.frame import Frame
from pipeline.plan_options import PlanOptions

FINEST = 6
"""No figure of a line is finer than a millionth of a unit, so that a line adds up digit by digit as it is printed."""

_NUMBERS = ("on_hand", "stock_date", "on_order", "order_date", "sold_since", "lead_time", "review_period")


@dataclass(frozen=True)
class Position:
    """Units of each series, and how they came about, each [N].

    Attributes:
        on_hand: at the end of the plan's date.
        on_order: ordered and not arrived by then.
        arriving: the same by when it arrives, [N, horizon + 1]: column k at the start of the k-th coming period, the
            last one also later.
        notes: for the line's reason; empty where the file says the figures just so.
    """

    on_hand: Floats
    on_order: Floats
    arriving: Floats
    notes: Texts


def no_orders() -> pa.Table:
    """The orders of no earlier plan."""
    return pa.table(
        {
            "store_id": pa.array([], pa.string()),
            "product_id": pa.array([], pa.string()),
            "placed": pa.array([], pa.int64()),
            "arrival": pa.array([], pa.int64()),
            "quantity": pa.array([], pa.float64()),
        }
    )


def stock_position(scored: pa.Table, orders: pa.Table, frame: Frame, options: PlanOptions) -> Position:
    """Rolls the newest stock forward to the plan's date.

    From stock of an earlier date go the sales known since, and to it comes what has arrived since: all that the file
    called on order, once the lead time is over, and what earlier plans ordered. It never falls below 0. Stock as old
    as ``stale_periods`` is not counted at all, and neither are open orders told as long ago. What earlier plans ordered
    since the file last told of open orders is on order too; where it never did, whatever they ordered, and it arrives
    when they said. What the file calls on order arrives as earlier plans said of what they had ordered by then; what
    is not of them was ordered in equal parts at the reviews before of which an order can still be on its way, as the
    simulation takes it.

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``.
        orders: of earlier plans: store_id, product_id, placed and arrival (days since 1970-01-01), quantity (units).
        options: say what is stale.
    """
    column = {name: scored[name].cast(pa.float64()).to_numpy() for name in _NUMBERS}
    oldest = frame.as_of - max(options.stale_periods, 1) * frame.period_days
    with np.errstate(invalid="ignore"):
        counted = np.isfinite(column["on_hand"]) & (column["stock_date"] > oldest)
        orders_counted = np.isfinite(column["on_order"]) & (column["order_date"] > oldest)
        due = column["order_date"] + (column["lead_time"] + 1) * frame.period_days
        landed = orders_counted & (due <= frame.as_of)
        since_stock = landed & (due > column["stock_date"])
    ours = _ours(
        scored, orders, np.where(orders_counted, column["order_date"], -np.inf), column["stock_date"], frame
    )
    arrived = np.where(since_stock, np.nan_to_num(column["on_order"]), 0.0) + ours.arrived
    sold = np.nan_to_num(column["sold_since"])
    on_hand = np.where(counted, np.maximum(np.nan_to_num(column["on_hand"]) - sold + arrived, 0.0), 0.0)
    from_plans = ours.arriving.any(axis=1)
    told = np.where(orders_counted & ~landed, np.nan_to_num(column["on_order"]), 0.0)
    planned = ours.told.sum(axis=1)
    share = np.minimum(np.divide(told, planned, out=np.zeros_like(told), where=planned > 0), 1.0)
    arriving = ours.arriving + ours.told * share[:, None]
    rest = told - planned * share
    lead, review = (np.nan_to_num(column[name]).astype(np.int64) for name in ("lead_time", "review_period"))
    with np.errstate(invalid="ignore"):
        since = np.nan_to_num((column["order_date"] - frame.as_of) // frame.period_days).astype(np.int64)
    arriving += spread_open_orders(rest, lead + since, lead, review, frame.horizon + 1)
    notes = [
        "; ".join(
            part
            for part in (
                _note(counted[i], column["stock_date"][i], sold[i], arrived[i], frame),
                "on order by earlier plans" if from_plans[i] else "",
            )
            if part
        )
        for i in range(scored.num_rows)
    ]
    arriving = np.round(arriving, FINEST)
    on_order = np.round(arriving.sum(axis=1), FINEST)
    return Position(np.round(on_hand, FINEST), on_order, arriving, np.array(notes, dtype=object))


def stale_stock(scored: pa.Table, frame: Frame, options: PlanOptions) -> str:
    """How old the stock of those series is that is too old to be counted, with an example; empty: of none."""
    when = scored["stock_date"].cast(pa.float64()).to_numpy()
    with np.errstate(invalid="ignore"):
        old = np.flatnonzero(when <= frame.as_of - max(options.stale_periods, 1) * frame.period_days)
    if not old.size:
        return ""
    newest = int(old[when[old].argmax()])
    periods = int(frame.as_of - when[newest]) // frame.period_days
    unit = "weeks" if frame.period_days == 7 else "days"
    return (
        f"the stock of {old.size} of {scored.num_rows} series is {periods} {unit} old or older (such as "
        f"{scored['store_id'][newest]} {scored['product_id'][newest]}, of {to_date(when[newest])}): neither what was "
        f"there nor what was on order then is counted (plan.stale_periods: {options.stale_periods})"
    )


@dataclass(frozen=True)
class _Ours:
    """What earlier plans ordered: on its way and not in what the file tells, in what it tells, and come since."""

    arriving: Floats
    told: Floats
    arrived: Floats


def _ours(scored: pa.Table, orders: pa.Table, since: Floats, stock_date: Floats, frame: Frame) -> _Ours:
    """Units that earlier plans ordered: on their way by period [N, K], before and since the file told of open orders,
    and come since the stock was told [N].
    """
    line = index_in(orders, scored, SERIES_KEYS)
    matched = np.asarray(line.is_valid())
    series = line.drop_null().to_numpy(zero_copy_only=False)
    placed, arrival, quantity = (
        orders[name].to_numpy()[matched] for name in ("placed", "arrival", "quantity")
    )
    counts = (placed >= since[series]) & (placed < frame.as_of)
    with np.errstate(invalid="ignore"):
        came = (arrival <= frame.as_of) & (arrival > stock_date[series])
    still = (placed < frame.as_of) & (arrival > frame.as_of)
    coming, told = counts & still, ~counts & still
    # A day within a week is of that week.
    period = np.minimum(-(-(arrival - frame.as_of) // frame.period_days) - 1, frame.horizon)
    shape = scored.num_rows, frame.horizon + 1
    found = _Ours(np.zeros(shape), np.zeros(shape), np.zeros(scored.num_rows))
    for which, into in ((coming, found.arriving), (told, found.told)):
        np.add.at(into, (series[which], period[which]), quantity[which])
    np.add.at(found.arrived, series, np.where(counts & came, quantity, 0.0))
    return found


def _note(counted: bool, when: float, sold: float, arrived: float, frame: Frame) -> str:
    if not counted:
        newest = f" (the newest is of {to_date(when)})" if np.isfinite(when) else ""
        return f"stock unknown, taken as 0{newest}"
    if when >= frame.as_of:
        return ""
    plus = f", plus {arrived:.10g} arrived since" if arrived > 0 else ""
    return f"stock of {to_date(when)}, less {sold:.10g} sold since{plus}"
