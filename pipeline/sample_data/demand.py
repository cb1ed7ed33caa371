"""The products of the sample data, what they cost, and the demand for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Flags, Floats, Integers
from contracts.dates import weekday
from pipeline.sample_data.calendar import Surroundings, day_of_year

_CATEGORIES = ("bakery", "beverages", "dairy", "household", "produce", "snacks")
# Peak of the yearly season as a share of the year, its strength, and demand per degree above the usual.
_SEASON_PEAK = np.array([0.95, 0.55, 0.40, 0.90, 0.50, 0.98])
_SEASON_STRENGTH = np.array([0.10, 0.35, 0.08, 0.12, 0.25, 0.20])
_HEAT_RESPONSE = np.array([-0.005, 0.025, 0.004, 0.0, 0.010, 0.0])
_RAIN_RESPONSE = -0.008  # fewer visitors, per mm
_WEEKDAYS: Floats = np.array([0.88, 0.85, 0.90, 0.95, 1.12, 1.30, 1.00])
# What keeping a unit for a day costs, as a share of its cost: capital and space take a quarter of it a year, and fresh
# goods spoil.
_CARRYING = 0.25 / 365.25
_SPOILED: Floats = np.array([0.03, 0.0, 0.01, 0.0, 0.02, 0.0])
_INTERMITTENT_SHARE = 0.15
_LAUNCHED_SHARE = 0.10


@dataclass(frozen=True)
class Assortment:
    """Every item, a product in a store; N items, products first, stores second. Units per period."""

    period_days: int
    review_period: int
    store_names: list[str]
    product_names: list[str]
    category_names: tuple[str, ...]
    store: Integers  # [N] index into the names, as the next two
    product: Integers
    category: Integers
    intermittent: Flags  # [N]
    launched: Floats  # [N] share of the time that passes before the product's launch
    base_units: Floats  # [N]
    dispersion: Floats  # [N] k of the negative binomial: variance = mean + mean^2 / k
    list_price: Floats
    elasticity: Floats
    promotion_lift: Floats
    trend: Floats  # [N] growth a year
    lead_time: Integers
    pack_size: Integers
    minimum: Integers
    maximum: Floats  # infinite: none
    unit_cost: Floats
    holding_cost: Floats
    shortage_cost: Floats
    planned_ratio: Floats  # the service that the store's planner aims at


def make_assortment(rng: np.random.Generator, stores: int, products: int, period_days: int) -> Assortment:
    """Draw the products and stores; a unit kept costs 0.05 to 4 % of it a day, one not served its margin or more."""
    category = rng.integers(0, len(_CATEGORIES), products)
    intermittent = rng.random(products) < _INTERMITTENT_SHARE
    base = np.where(intermittent, rng.uniform(0.08, 0.45, products), rng.lognormal(2.0, 0.75, products))
    base = np.clip(base, 0.08, 60)
    list_price = np.round(rng.lognormal(1.5, 0.6, products), 1) + 0.49
    cost = np.round(list_price * rng.uniform(0.45, 0.75, products), 2)
    carrying = (_CARRYING + _SPOILED[category]) * rng.uniform(0.70, 1.30, products)
    shortage = np.round(np.maximum(list_price - cost, 0.05) * rng.uniform(1.0, 1.4, products), 2)
    holding = cost * carrying * period_days
    # A weekly review and lead times up to 7 days keep the protection interval within 14 days.
    lead = rng.integers(1, 8, products) if period_days == 1 else rng.integers(1, 4, products)
    pack = rng.choice([1, 2, 4, 6, 12], products, p=[0.3, 0.15, 0.15, 0.25, 0.15])
    pack = np.where(base * 7 < pack, 1, pack)
    minimum = np.where(rng.random(products) < 0.25, 2 * pack, 0)
    maximum = np.where(rng.random(products) < 0.15, np.ceil(base * 60 / pack) * pack + 4 * pack, np.inf)
    launched = np.where(rng.random(products) < _LAUNCHED_SHARE, rng.uniform(0.2, 0.6, products), 0.0)

    def each(values: NDArray[Any]) -> NDArray[Any]:
        return np.tile(values, stores)

    items = stores * products
    size = np.repeat(rng.lognormal(0, 0.25, stores), products) * rng.lognormal(0, 0.2, items)
    return Assortment(
        period_days=period_days,
        review_period=7 // period_days,
        store_names=[f"S{number:02d}" for number in range(1, stores + 1)],
        product_names=[f"P{number:04d}" for number in range(1, products + 1)],
        category_names=_CATEGORIES,
        store=np.repeat(np.arange(stores), products),
        product=each(np.arange(products)),
        category=each(category),
        intermittent=each(intermittent),
        launched=each(launched),
        base_units=each(base) * size * period_days,
        dispersion=each(np.where(intermittent, 0.6, rng.uniform(4, 14, products))) * period_days**0.5,
        list_price=each(list_price),
        elasticity=each(rng.uniform(-2.2, -0.9, products)),
        promotion_lift=each(rng.uniform(1.15, 1.6, products)),
        trend=np.repeat(rng.normal(0.03, 0.05, stores), products) + each(rng.normal(0, 0.10, products)),
        lead_time=each(lead),
        pack_size=each(pack),
        minimum=each(minimum),
        maximum=each(maximum),
        unit_cost=each(cost),
        holding_cost=each(holding),
        shortage_cost=each(shortage),
        planned_ratio=each(rng.uniform(0.78, 0.93, products)),
    )


@dataclass(frozen=True)
class Demand:
    """Demand of N items over P periods, and what drove it."""

    units: Floats  # [N, P] what customers asked for, whole units
    mean: Floats  # [N, P] what was to be expected, units
    price: Floats  # [N, P] money, as paid
    discount: Floats  # [N, P] share of the list price paid
    promotion: Flags  # [N, P] 0 or 1
    launch: Integers  # [N] first period on sale


def make_demand(
    rng: np.random.Generator, assortment: Assortment, surroundings: Surroundings, periods: int
) -> Demand:
    """Draw the demand of every item for the first `periods` periods of the surroundings."""
    span, step = slice(0, periods), assortment.period_days
    days = surroundings.days[span]
    year = day_of_year(days.astype("datetime64[D]")) / 365.25
    season = 1 + _SEASON_STRENGTH[:, None] * np.cos(2 * np.pi * (year[None] - _SEASON_PEAK[:, None]))
    heat = np.exp(
        _HEAT_RESPONSE[assortment.category][:, None]
        * surroundings.temperature_surprise[assortment.store, span]
    )
    rain = np.exp(_RAIN_RESPONSE * surroundings.precipitation[assortment.store, span])
    mean = assortment.base_units[:, None] * season[assortment.category] * heat * rain
    mean *= (1 + assortment.trend[:, None]) ** ((days - days[0]) / 365.25)
    mean *= _calendar_effect(surroundings, span, step)

    levels = _price_levels(rng, assortment, periods)
    promotion, depth = _promotions(rng, assortment, periods)
    discount = np.where(promotion, depth, 1.0)
    price = np.round(assortment.list_price[:, None] * levels * discount, 2)
    mean *= (price / assortment.list_price[:, None]) ** assortment.elasticity[:, None]
    mean *= np.where(promotion, assortment.promotion_lift[:, None], 1.0)

    k = assortment.dispersion[:, None]
    launch = np.floor(assortment.launched * periods).astype(np.int64)
    mean = np.where(np.arange(periods)[None] >= launch[:, None], mean, 0.0)
    units = rng.poisson(mean * rng.gamma(k, 1 / k, mean.shape))  # gamma mixed Poisson: negative binomial
    return Demand(units.astype(np.float64), mean, price, discount, promotion, launch)


@dataclass(frozen=True)
class Prices:
    """What N items cost over P periods; promotions and prices are alike in every store."""

    price: Floats  # [N, P] money, as paid
    discount: Floats  # [N, P] share of the list price paid
    promotion: Flags  # [N, P] 0 or 1


def plan_prices(seed: int, assortment: Assortment, demand: Demand, ahead: int) -> Prices:
    """What the retailer has planned, all along and for the periods after the last.

    Regular prices stay as they are; a week that has begun keeps its promotions. Drawn apart from everything else, so
    that how far a plan reaches changes nothing of what happened.

    Args:
        ahead: periods after the last one of the demand.
    """
    rng = np.random.default_rng([seed, 1])
    begun = demand.price.shape[1] % (7 // assortment.period_days)
    rest = min(-begun % (7 // assortment.period_days), ahead)
    promotion, depth = _promotions(rng, assortment, ahead - rest)
    coming = np.where(promotion, depth, 1.0)
    discount = np.concatenate([np.repeat(demand.discount[:, -1:], rest, axis=1), coming], axis=1)
    flags = np.concatenate([np.repeat(demand.promotion[:, -1:], rest, axis=1), promotion], axis=1)
    price = np.round(demand.price[:, -1:] / demand.discount[:, -1:] * discount, 2)
    return Prices(
        np.concatenate([demand.price, price], axis=1),
        np.concatenate([demand.discount, discount], axis=1),
        np.concatenate([demand.promotion, flags], axis=1),
    )


def _calendar_effect(surroundings: Surroundings, span: slice, step: int) -> Floats:
    days = surroundings.days[span]
    by_weekday = _WEEKDAYS[weekday(days)] if step == 1 else np.ones(days.size)
    holiday = surroundings.holiday.astype(np.float64)
    eve = np.roll(holiday, -1)
    eve[-1] = 0
    festive = (1 - 0.45 * holiday[span]) * (1 + 0.35 * eve[span]) if step == 1 else 1 + 0.05 * holiday[span]
    event = np.array([name != "" for name in surroundings.event])[span]
    effect: Floats = by_weekday * festive * np.where(event, 1.18, 1.0)
    return effect


def _price_levels(rng: np.random.Generator, assortment: Assortment, periods: int) -> Floats:
    """Regular price over list price: changes some three times a year, the same in every store."""
    products, stores = len(assortment.product_names), len(assortment.store_names)
    changes = rng.random((products, periods)) < 3 * assortment.period_days / 365
    steps = np.where(changes, rng.normal(0.004, 0.03, (products, periods)), 0.0)
    return np.tile(np.round(np.exp(np.clip(np.cumsum(steps, axis=1), -0.2, 0.2)), 3), (stores, 1))


def _promotions(rng: np.random.Generator, assortment: Assortment, periods: int) -> tuple[Flags, Floats]:
    """Weeks on promotion (about one in ten) and the share of the price paid in them, alike in every store."""
    products, stores = len(assortment.product_names), len(assortment.store_names)
    week = 7 // assortment.period_days
    weeks = -(-periods // week)
    active = rng.random((products, weeks)) < 0.10
    depth = rng.choice([0.7, 0.75, 0.8, 0.85, 0.9], (products, weeks))
    promotion, paid = (np.repeat(values, week, axis=1)[:, :periods] for values in (active, depth))
    return np.tile(promotion, (stores, 1)), np.tile(paid, (stores, 1))
