"""A made-up retailer: files of the data contract with everything a forecaster has to cope with.

Demand has weekly and yearly seasons, a trend, a response to price, promotions, holidays and weather, and
negative binomial noise; some products sell only now and then, some are launched midway. A base-stock policy
with lead times, pack sizes and weekly reviews supplies the shelves and runs out now and then, so that sales
are less than demand. The true demand goes to a folder of its own, `true_demand/`, which the reader of the
contract never opens: it is there for tests.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from contracts.arrays import Flags
from inventory.base_stock import normal_base_stock_level, protection_interval
from inventory.policies import OrderUpTo
from inventory.simulation import Supply, Trajectory, simulate
from pipeline.sample_data.calendar import Surroundings, make_surroundings
from pipeline.sample_data.demand import Assortment, Demand, Prices, make_assortment, make_demand, plan_prices

PERIODS = {"D": 730, "W": 104}
"""Periods written unless said otherwise: two years."""

_START, _END = date(2024, 1, 1), date(2025, 12, 31)
"""A Monday; and a day that is past for whoever runs this: what sold on a day to come would be refused."""

_KNOWN_AHEAD_DAYS = (
    28  # calendar, weather and plan go on after the last sale, as a plan for the next weeks needs
)


def write_sample_data(
    out: Path,
    *,
    stores: int = 4,
    products: int = 60,
    periods: int | None = None,
    seed: int = 7,
    frequency: Literal["D", "W"] = "D",
    start: date | None = None,
) -> None:
    """Write the files of the data contract that a retailer has, and the true demand, into a folder.

    The same arguments write the same bytes. Files: sales_data.csv, inventory_levels.csv,
    external_factors.csv and planned_prices.csv (they go on for 28 days after the last sale), products.csv and
    true_demand/true_demand.parquet (date, store_id, product_id, demand, expected_demand, dispersion).

    Args:
        out: folder; made where it is missing.
        stores: number of stores, 1 or more.
        products: number of products, 1 or more; every store sells each.
        periods: days or weeks, 1 or more; None: two years of them.
        seed: seed of all random draws, 0 or more.
        frequency: D (one row a day) or W (one row a week, dated by its first day).
        start: date of the first period; None: 2024-01-01, or as many weeks earlier as keep the last period in 2025.

    Raises:
        ValueError: stores, products or periods is less than 1, or the seed is negative.
    """
    periods = PERIODS[frequency] if periods is None else periods
    if min(stores, products, periods) < 1:
        raise ValueError("stores, products and periods must be 1 or more")
    if seed < 0:
        raise ValueError("seed must be 0 or more")
    rng = np.random.default_rng(seed)
    period_days = 7 if frequency == "W" else 1
    start = start or _latest_start(periods * period_days)
    ahead = -(-_KNOWN_AHEAD_DAYS // period_days)
    surroundings = make_surroundings(rng, stores, periods + ahead, period_days, start)
    assortment = make_assortment(rng, stores, products, period_days)
    demand = make_demand(rng, assortment, surroundings, periods)
    shelf = _supply(assortment, demand)

    out.mkdir(parents=True, exist_ok=True)
    pa.csv.write_csv(_external_factors(surroundings), out / "external_factors.csv")
    pa.csv.write_csv(_products(assortment), out / "products.csv")
    plan = plan_prices(seed, assortment, demand, ahead)
    pa.csv.write_csv(_planned_prices(surroundings, assortment, demand, plan), out / "planned_prices.csv")
    keys, on_sale = _keys(surroundings, assortment, demand)
    pa.csv.write_csv(_sales(keys, on_sale, demand, shelf), out / "sales_data.csv")
    levels = {"on_hand": _flat(shelf.on_hand, on_sale, int), "on_order": _flat(shelf.on_order, on_sale, int)}
    pa.csv.write_csv(pa.table({**keys, **levels}), out / "inventory_levels.csv")
    truth = {
        "demand": _flat(demand.units, on_sale, int),
        "expected_demand": _flat(demand.mean, on_sale),
        "dispersion": _flat(np.broadcast_to(assortment.dispersion[:, None], demand.mean.shape), on_sale),
    }
    (out / "true_demand").mkdir(exist_ok=True)
    pa.parquet.write_table(pa.table({**keys, **truth}), out / "true_demand" / "true_demand.parquet")


def start_until(last: date, periods: int, frequency: Literal["D", "W"]) -> date:
    """The first period's date of data that end on a day; of weekly ones with the last whole week up to it."""
    if frequency == "D":
        return last - timedelta(periods - 1)
    monday = last - timedelta((last.weekday() + 1) % 7 + 6)
    return monday - timedelta(7 * (periods - 1))


def _latest_start(days: int) -> date:
    """A Monday, so that weekly data begin on one; weeks earlier where so many days would end too late."""
    late = (_START + timedelta(days) - _END).days
    return _START - timedelta(7 * max(-(-late // 7), 0))


def _supply(assortment: Assortment, demand: Demand) -> Trajectory:
    """Stock under a base-stock policy whose planner knows the mean demand of the last four weeks."""
    units, periods = demand.units, demand.units.shape[1]
    window = max(28 // assortment.period_days, 1)
    sums = np.cumsum(np.pad(units, ((0, 0), (1, 0))), axis=1)
    ends = np.arange(1, periods + 1)
    starts = np.maximum(ends - window, 0)
    recent = (sums[:, ends] - sums[:, starts]) / (ends - starts)
    # Before the launch there is no history: the planner then goes by what was expected of the product.
    recent = np.maximum(recent, 0.6 * assortment.base_units[:, None])
    interval = protection_interval(assortment.lead_time, assortment.review_period)
    spread = np.sqrt(recent + recent**2 / assortment.dispersion[:, None])
    level = np.ceil(
        normal_base_stock_level(recent, spread, interval[:, None], assortment.planned_ratio[:, None])
    )
    review = assortment.review_period
    return simulate(
        units,
        OrderUpTo(level[:, review - 1 :: review]),
        Supply(assortment.lead_time, assortment.pack_size, assortment.minimum, assortment.maximum),
        review,
        initial_on_hand=level[:, 0],
    )


def _flat(values: NDArray[Any], on_sale: Flags, kind: type = float) -> NDArray[Any]:
    """[N, P] to rows in order of date, store, product, without the periods before a product's launch."""
    return np.ascontiguousarray(values.T)[on_sale].astype(np.int64 if kind is int else np.float64)


def _keys(
    surroundings: Surroundings, assortment: Assortment, demand: Demand
) -> tuple[dict[str, pa.Array], Flags]:
    periods = demand.units.shape[1]
    on_sale = np.arange(periods)[:, None] >= demand.launch[None, :]
    days, item = np.nonzero(on_sale)
    stores = pa.array(assortment.store_names).take(pa.array(assortment.store[item]))
    names = pa.array(assortment.product_names).take(pa.array(assortment.product[item]))
    dates = pa.array(surroundings.days[:periods][days].astype(np.int32)).cast(pa.date32())
    return {"date": dates, "store_id": stores, "product_id": names}, on_sale


def _sales(keys: dict[str, pa.Array], on_sale: Flags, demand: Demand, shelf: Trajectory) -> pa.Table:
    served = np.divide(
        shelf.sales, demand.units, out=(shelf.available > 0).astype(np.float64), where=demand.units > 0
    )
    # Rounded down, so that a period that ran out never reads as fully stocked.
    in_stock = np.floor(served * 100 + 1e-9) / 100
    return pa.table(
        {
            **keys,
            "units_sold": _flat(shelf.sales, on_sale, int),
            "unit_price": _flat(demand.price, on_sale),
            "discount": _flat(demand.discount, on_sale),
            "on_promotion": _flat(demand.promotion, on_sale, int),
            "in_stock": _flat(in_stock, on_sale),
        }
    )


def _external_factors(surroundings: Surroundings) -> pa.Table:
    stores, periods = surroundings.temperature.shape
    dates = pa.array(np.repeat(surroundings.days, stores).astype(np.int32)).cast(pa.date32())
    return pa.table(
        {
            "date": dates,
            "store_id": pa.array(surroundings.store_names * periods),
            "temperature": np.round(surroundings.temperature.T.ravel(), 1),
            "precipitation": np.round(surroundings.precipitation.T.ravel(), 1),
            "holiday": np.repeat(surroundings.holiday, stores).astype(np.int64),
            "event": np.repeat(np.array(surroundings.event), stores),
        }
    )


def _planned_prices(
    surroundings: Surroundings, assortment: Assortment, demand: Demand, plan: Prices
) -> pa.Table:
    """Of all stores, from a product's launch on."""
    products = len(assortment.product_names)  # items run over products first, stores second
    periods = np.arange(plan.price.shape[1])
    days, product = np.nonzero(periods[:, None] >= demand.launch[None, :products])

    def planned(values: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(values[:products].T[days, product])

    return pa.table(
        {
            "date": pa.array(surroundings.days[days].astype(np.int32)).cast(pa.date32()),
            "product_id": pa.array(assortment.product_names).take(pa.array(product)),
            "unit_price": planned(plan.price).astype(np.float64),
            "discount": planned(plan.discount).astype(np.float64),
            "on_promotion": planned(plan.promotion).astype(np.int64),
        }
    )


def _products(assortment: Assortment) -> pa.Table:
    first = slice(0, len(assortment.product_names))  # items run over products first, stores second
    maximum = [int(most) if np.isfinite(most) else None for most in assortment.maximum[first]]
    return pa.table(
        {
            "product_id": assortment.product_names,
            "category": [assortment.category_names[c] for c in assortment.category[first]],
            "unit_cost": np.round(assortment.unit_cost[first], 2),
            "lead_time": assortment.lead_time[first],
            "pack_size": assortment.pack_size[first].astype(np.int64),
            "minimum_order_quantity": assortment.minimum[first].astype(np.int64),
            "maximum_order_quantity": pa.array(maximum, pa.int64()),
            "holding_cost": np.round(assortment.holding_cost[first], 4),
            "shortage_cost": np.round(assortment.shortage_cost[first], 2),
        }
    )
