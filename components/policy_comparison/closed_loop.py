"""Every policy through the test period, each with the stock that its own orders lead to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from components.policy_comparison.held_out import HeldOut
from contracts.arrays import Floats
from contracts.policies import BASE_STOCK, CLAIRVOYANT
from inventory.forecast_plan import Forecast, ForecastPlan, Terms
from inventory.lower_bound import clairvoyant_cost
from inventory.metrics import Money, costs, metrics, metrics_by
from inventory.policies import LastSales, OrderUpTo, ReorderPoint
from inventory.shelf.in_time import InTime
from inventory.simulation import Policy, Supply, Trajectory, simulate, spread_open_orders
from inventory.suppliers.order_days import longest_gap
from inventory.suppliers.schedule import Schedule
from inventory.suppliers.settling import Settling
from inventory.suppliers.worth import Worth

NO_FORECASTS: Mapping[str, Sequence[Forecast]] = {}


class Levels(NamedTuple):
    """Units, [N, reviews]: up to what is ordered, and the largest orders, which may be one number for all."""

    up_to: Floats
    largest: Floats = np.array(np.inf)


@dataclass(frozen=True)
class Start:
    """Units at the end of the period before the first: on hand [N], and on their way [N, K] by arrival."""

    on_hand: Floats
    on_order: Floats


def start_of(held: HeldOut, base_stock: Floats, review_period: int) -> Start:
    """The same start for every policy: the recorded stock, or the classical level where none is recorded.

    What is on order was ordered in equal parts at the reviews before of which an order can still be on its way. The
    presentation stock is none that any policy plans with or pays for: it is taken from what is on hand, and stays.

    Args:
        held: the series.
        base_stock: classical level at the first review, units, [N].
        review_period: R.
    """
    # Those before are taken to lie as far apart as two order days at the most.
    review = longest_gap(held.order_weekdays, review_period)
    columns = max(int((held.lead_time - review).max(initial=0)), 0) + 1
    on_order = np.nan_to_num(held.on_order)
    coming = spread_open_orders(on_order, held.lead_time, held.lead_time, review, columns)
    counted = np.maximum(held.on_hand - held.presentation_stock, 0.0)
    return Start(np.where(np.isfinite(held.on_hand), counted, base_stock), coming)


def policies_of(
    levels: Mapping[str, Levels],
    held: HeldOut,
    review_period: int,
    forecasts: Mapping[str, Sequence[Forecast]],
) -> dict[str, Policy]:
    """The policies that are compared: one for each source of levels or forecasts, and those of shops without a model.

    Args:
        levels: by policy; ``base_stock`` among them.
        held: the series.
        review_period: R.
        forecasts: by policy the forecast of each review.
    """
    found: dict[str, Policy] = {name: OrderUpTo(*level) for name, level in levels.items()}
    found |= {name: rule.make(levels[BASE_STOCK].up_to, held, review_period) for name, rule in RULES.items()}
    found = {name: in_time(policy, held) for name, policy in found.items()}
    terms = terms_of(held)
    found |= {name: ForecastPlan(by_review, terms) for name, by_review in forecasts.items()}
    if not forecasts:
        return found
    by = {name: forecasts.get(name, next(iter(forecasts.values()))) for name in found}
    return {name: settling(policy, by[name], held) for name, policy in found.items()}


def in_time(policy: Policy, held: HeldOut) -> Policy:
    """The policy, held to what is usually sold while it keeps; the forecast plan itself weighs what would be wasted."""
    if not np.isfinite(held.shelf_life).any():
        return policy
    return InTime(policy, held.lead_time, held.shelf_life, held.before.mean(axis=1))


def settling(policy: Policy, forecasts: Sequence[Forecast], held: HeldOut) -> Policy:
    """The policy with its orders raised, or waiting, where suppliers would not take them, as in a plan.

    Whoever placed an order, the demand forecast says what raising it costs.
    """
    supply = supply_of(held)
    return policy if supply.worth is None else Settling(policy, forecasts, terms_of(held), supply)


def terms_of(held: HeldOut) -> Terms:
    """On what terms the series are ordered."""
    return Terms(
        held.lead_time,
        held.holding_cost,
        held.shortage_cost,
        held.pack_size,
        held.minimum,
        held.maximum,
        shelf_life=held.shelf_life,
        waste_cost=money_of(held).waste_cost,
    )


def _reorder_point(base_stock: Floats, held: HeldOut, review_period: int) -> Policy:
    """Orders at the classical level, and then what one review period sold, a pack at least."""
    sold = held.before[:, -review_period:].sum(axis=1)
    return ReorderPoint(base_stock, base_stock + np.maximum(sold, held.pack_size)[:, None])


class Rule(NamedTuple):
    """A policy that needs no model.

    Attributes:
        says: what it orders, for managers.
        make: the policy, from the classical levels [N, reviews], the series, and R.
    """

    says: str
    make: Callable[[Floats, HeldOut, int], Policy]


RULES = {
    "reorder_point": Rule("order up to S once stock is down to s", _reorder_point),
    "last_sales": Rule(
        "order what was sold since the last order",
        lambda _levels, held, _review: LastSales(held.before),
    ),
}


def run_policies(
    held: HeldOut,
    levels: Mapping[str, Levels],
    review_period: int,
    forecasts: Mapping[str, Sequence[Forecast]] = NO_FORECASTS,
) -> dict[str, Trajectory]:
    """Trajectory of each policy of ``policies_of``."""
    start = start_of(held, levels[BASE_STOCK].up_to[:, 0], review_period)
    return {
        name: run_policy(held, policy, start, review_period)
        for name, policy in policies_of(levels, held, review_period, forecasts).items()
    }


def run_policy(held: HeldOut, policy: Policy, start: Start, review_period: int) -> Trajectory:
    """One policy through the test period."""
    return simulate(
        held.demand,
        policy,
        supply_of(held),
        review_period,
        initial_on_hand=start.on_hand,
        initial_on_order=start.on_order,
        schedule=schedule_of(held, review_period),
    )


def schedule_of(held: HeldOut, review_period: int) -> Schedule:
    """When the series are reviewed: at the cutoff and every R periods from then, or on their suppliers' order days."""
    return Schedule.of(
        held.order_weekdays, held.cutoff, held.demand.shape[1], review_period, list(held.reviews) or None
    )


def supply_of(held: HeldOut) -> Supply:
    """How the series are delivered; the room of a shelf is that beside the presentation stock.

    A supplier's least order counts only the series that are here.
    """
    capacity = None
    if np.isfinite(held.shelf_capacity).any():
        capacity = held.shelf_capacity - held.presentation_stock
    usual = held.before.mean(axis=1)
    life = held.shelf_life if np.isfinite(held.shelf_life).any() else None
    worth = Worth.by_supplier(held.store_id, held.supplier, held.unit_cost, held.minimum_order_value)
    return Supply(held.lead_time, held.pack_size, held.minimum, held.maximum, capacity, usual, life, worth)


def costs_by_series(
    held: HeldOut, runs: Mapping[str, Trajectory], base_stock: Floats, review_period: int
) -> dict[str, Floats]:
    """What each series cost under each policy, [N], money; the clairvoyant bound among them."""
    start = start_of(held, base_stock, review_period)
    bound = clairvoyant_cost(
        held.demand,
        held.lead_time,
        held.holding_cost,
        held.shortage_cost,
        review_period,
        initial_on_hand=start.on_hand,
        initial_on_order=start.on_order,
        schedule=schedule_of(held, review_period),
        expires=np.isfinite(held.shelf_life),
    )
    return {**{name: costs(run, money_of(held)).total for name, run in runs.items()}, CLAIRVOYANT: bound}


def report(
    held: HeldOut, runs: Mapping[str, Trajectory], review_period: int, period_days: int
) -> dict[str, dict[str, Any]]:
    """Metrics of each policy: over all series, and ``by`` store and category."""
    groups = {"store_id": held.store_id, "category": held.category}
    money = money_of(held)
    return {
        name: {
            **metrics(run, money, review_period, period_days),
            "by": metrics_by(run, money, review_period, period_days, groups),
        }
        for name, run in runs.items()
    }


def money_of(held: HeldOut) -> Money:
    """What the series cost."""
    return Money(held.holding_cost, held.shortage_cost, held.unit_cost)
