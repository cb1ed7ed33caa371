"""Order lines: what to order of every series, and how it came about."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contracts.arrays import Flags, Floats, Integers, Texts
from contracts.columns import SUPPLIER
from contracts.policies import BASE_STOCK, FORECAST_PLAN, MODEL
from contracts.rows import floats
from inventory.base_stock import moments_of_quantiles, protection_interval
from inventory.forecast_plan import Forecast, Orders
from inventory.rounding import round_order, why_so_much
from pipeline.orders.planning.foreseen import Foreseen
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.minimum_value import meet_minimum
from pipeline.orders.planning.order_days import not_today
from pipeline.orders.planning.position import FINEST, Position
from pipeline.orders.planning.shelf import Shelf
from pipeline.plan_options import PlanOptions

NONE = "none"
"""The method of a line that orders nothing."""

CAPPED = "no more than the model orders at once, as what runs out before the arrival is lost"
"""Reason of a line whose level asks for more than the model's largest order."""

_DECIMALS = 3
"""Levels are rounded to thousandths of a unit."""


def order_lines(
    scored: pa.Table,
    mean: Floats,
    position: Position,
    frame: Frame,
    options: PlanOptions,
    own: Floats | None = None,
    whole: bool = True,
) -> pa.Table:
    """One line for each series; expected_demand + safety_stock - on_hand - on_order + rounding_adjustment =
    replenishment_quantity in each.

    A presentation stock is on top of whatever level, and no order is larger than what the shelf has room for
    (``pipeline.orders.planning.shelf``).

    The pair's policy orders unless the series is one that it should not plan; then the classical base-stock level, and
    nothing is ordered of what has not been sold for as long as a model sees. Where that policy is the forecast plan,
    expected demand is what the stock on hand, on its way and ordered is for: what is sold until the order arrives, and
    what is asked for from then until the next one does.

    Whichever policy that is, the demand forecast says what a person's own quantity, or else the proposal, is expected
    to come to (``inventory.expectations``). Of a proposal that is held back it is what it would come to if it were
    ordered, by which a person can tell whether it is meant. These columns are null in lines that are not the policy's.

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``; with ``origin``, it comes first in the reason; with
            ``off_sale`` and ``partly`` as of ``pipeline.orders.planning.on_sale``.
        mean: their demand, [N, H].
        position: their ``stock_position``.
        options: when the model is not believed.
        own: units that people order in the proposal's place, [N]; NaN where nobody does. None: nowhere.
        whole: these are all lines of their orders, so that these can be held against suppliers' least values.

    Returns:
        The columns of the table ``order_lines`` but for the overrides, in the order in which buyers read them.
    """
    column = {name: floats(scored[name]) for name in scored.column_names if name not in _NOT_NUMBERS}
    lead = column["lead_time"].astype(np.int64)
    interval = protection_interval(lead, column["review_period"].astype(np.int64))
    # Beyond the horizon demand goes on as within it.
    within = np.arange(frame.horizon) < np.minimum(interval, frame.horizon)[:, None]
    expected = (mean * within).sum(axis=1) * interval / np.maximum(within.sum(axis=1), 1)
    origin, off_sale, partly, lent = (
        _texts(scored, name) for name in ("origin", "off_sale", "partly", "lent")
    )
    shelf = Shelf.of(column, mean, position)
    column["maximum_order_quantity"], column["presentation_stock"] = shelf.largest, shelf.kept
    quantiles, there = quantiles_of(scored, frame)
    foreseen = Foreseen.of(
        column,
        Forecast(frame.levels, quantiles, frame.scores),
        there & (interval <= frame.horizon),
        position,
    )
    forecast = foreseen.orders() if frame.planning.policy == FORECAST_PLAN else None
    if forecast is not None:
        expected, column["model_level"] = forecast.demand, _level(forecast, position) - shelf.kept
    # Of what is not sold it does not matter on which days it could be ordered.
    nothing = np.where(off_sale != "", off_sale, not_today(scored, frame.as_of))
    method, why, planned = _methods(column, nothing, expected, interval, frame, options)
    by_level = method == BASE_STOCK
    expected = np.where(by_level, column["mean"] * interval * column["open_share"], expected)
    level = np.where(by_level, column["base_stock_level"], column["model_level"]) + shelf.kept
    expected, level = (np.where(method == NONE, 0.0, np.round(x, _DECIMALS)) for x in (expected, level))
    on_hand, on_order, notes = position.on_hand, position.on_order, position.notes
    safety = level - expected
    need = np.where(method == NONE, 0.0, expected + safety - on_hand - on_order)
    # What the presentation stock lacks comes on top of what the model orders at once.
    lacking = np.maximum(shelf.kept - on_hand - on_order, 0.0)
    most = np.where(method == MODEL, np.round(column["largest_order"] + lacking, _DECIMALS), np.inf)
    capped, wanted = need > most, np.minimum(need, most)
    quantity, rule = round_order(
        np.minimum(wanted, shelf.in_time),
        column["pack_size"],
        column["minimum_order_quantity"],
        shelf.largest,
    )
    if forecast is not None:
        quantity = np.where(planned, forecast.quantity, quantity)
        rule = np.where(planned, why_so_much(forecast.wanted, forecast.quantity), rule)
        wanted = np.where(planned, forecast.wanted, wanted)
    rule = np.where(capped, np.char.add(f"{CAPPED}; ", rule), rule)
    quantity = np.round(quantity, FINEST)
    people = np.full(len(lead), np.nan) if own is None else own
    by_value = np.full(len(lead), "", dtype=object)
    if whole:
        quantity, by_value = meet_minimum(scored, quantity, people, planned, foreseen, options)
    ordered = np.where(np.isnan(people), quantity, people)
    # A line without a method adds up too: the stock that lies there is what the adjustment takes back.
    need = expected + safety - on_hand - on_order
    by_shelf = np.where(method == NONE, "", shelf.words(wanted, planned & (forecast is not None)))
    parts = zip(origin, why, partly, lent, notes, by_shelf, rule, by_value, strict=True)
    reason = ["; ".join(part for part in found if part) for found in parts]
    arrival = frame.as_of + (lead + 1) * frame.period_days
    return pa.table(
        {
            "as_of": pa.array(np.full(len(lead), frame.as_of, np.int32)).cast(pa.date32()),
            "store_id": scored["store_id"],
            "product_id": scored["product_id"],
            "expected_demand": expected,
            "safety_stock": np.round(safety, _DECIMALS),
            "on_hand": on_hand,
            "on_order": on_order,
            "rounding_adjustment": np.round(quantity - need, FINEST),
            "replenishment_quantity": quantity,
            "reason": reason,
            "model_version": pa.array(
                np.full(len(lead), frame.model_version), mask=(method == BASE_STOCK) | (method == NONE)
            ),
            "method": method.astype(str),
            "protection_interval": interval,
            "arrival": pa.array(arrival.astype(np.int32)).cast(pa.date32()),
            **foreseen.expected(np.where(planned, ordered, np.nan)),
        }
    )


def _level(orders: Orders, position: Position) -> Floats:
    """Up to what the forecast plan orders, units, [N]: where nothing is wanted, no more than there is."""
    there = position.on_hand + position.on_order
    return np.where(orders.wanted > 0, orders.wanted + there, np.minimum(orders.demand, there))


_NOT_NUMBERS = frozenset(
    (
        "store_id",
        "product_id",
        "category",
        "quantiles",
        "promotion_units",
        "origin",
        "off_sale",
        "partly",
        "lent",
        SUPPLIER,
    )
)


def mean_demand(scored: pa.Table, frame: Frame) -> Floats:
    """Mean forecast of each series and period, units, [N, H]; NaN where nothing, or no finite number, was forecast."""
    quantiles, there = quantiles_of(scored, frame)
    mean = np.full(quantiles.shape[:2], np.nan)
    if there.any():
        mean[there], _ = moments_of_quantiles(frame.levels, quantiles[there])
    return mean


def quantiles_of(scored: pa.Table, frame: Frame) -> tuple[Floats, Flags]:
    """Quantiles of each series, units, [N, H, Q], and which series have any that are finite, [N]."""
    there = np.asarray(scored["quantiles"].is_valid())
    quantiles = np.full((scored.num_rows, frame.horizon, len(frame.levels)), np.nan)
    flat = [chunk.flatten() for chunk in scored["quantiles"].drop_null().chunks]
    if flat:
        quantiles[there] = np.asarray(pa.concat_arrays(flat)).reshape(-1, *quantiles.shape[1:])
    return quantiles, np.isfinite(quantiles).all(axis=(1, 2))


def _methods(
    column: dict[str, Floats],
    nothing: Texts,
    expected: Floats,
    interval: Integers,
    frame: Frame,
    options: PlanOptions,
) -> tuple[NDArray[np.str_], Texts, Flags]:
    """How each line is planned, why it is not by the model, and whether it is by the pair's policy; each [N]."""
    age = (frame.as_of - column["last_known"]) / frame.period_days
    observed = np.nan_to_num(column["history"])
    most = column["peak"] * interval
    level = column["model_level"]
    answered = np.isfinite(level) & np.isfinite(expected)
    if frame.planning.policy == MODEL:
        answered &= ~np.isnan(column["largest_order"])
    with np.errstate(invalid="ignore"):
        wild = ~(level <= options.level_limit * np.maximum(column["base_stock_level"], most))
    rules = (
        (nothing != "", NONE, nothing),
        (~(observed > 0), NONE, f"no sales on record in the last {frame.history} periods"),
        (
            ~(np.isfinite(column["base_stock_level"]) & np.isfinite(column["mean"])),
            NONE,
            "nothing: no finite level can be told from the sales",
        ),
        (age >= options.stale_periods, BASE_STOCK, "base stock, since the newest sales are stale"),
        (
            observed < frame.minimum_history,
            BASE_STOCK,
            f"base stock, since the history is shorter than {frame.minimum_history} periods",
        ),
        (
            interval > frame.horizon,
            BASE_STOCK,
            f"base stock, since the protection interval is longer than the forecast of {frame.horizon} periods",
        ),
        (~answered, BASE_STOCK, "base stock, since the model's answer is no finite number"),
        (wild, BASE_STOCK, "base stock, since the model's level is out of range"),
    )
    conditions = [rule[0] for rule in rules]
    policy = frame.planning.policy
    otherwise = "base stock, by which the pair plans" if policy == BASE_STOCK else ""
    return (
        np.select(conditions, [rule[1] for rule in rules], policy),
        np.select(conditions, [rule[2] for rule in rules], otherwise),
        ~np.any(conditions, axis=0),
    )


def _texts(table: pa.Table, name: str) -> Texts:
    """A column of texts, empty where it is null or there is none, [N]."""
    if name not in table.column_names:
        return np.full(table.num_rows, "", dtype=object)
    return np.asarray(table[name].fill_null("").to_numpy())
