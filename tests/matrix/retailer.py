"""The made-up data of a case, and what pandas says of them: nothing here knows the product's code.

Over 300 lines: a function a file, which all of them draw from one sequence of random numbers.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.matrix.cases import Case
from tests.matrix.weekdays import WEEKS, closed_dates

NAMES = {
    "plain": (("S1", "S2"), ("P1", "P2")),
    "unicode": (("Zürich Süd", "東京店"), ("Müsli 500g", "Crème brûlée №5 🍮")),
    "punctuation": (('O\'Brien "24/7"', "A;B,C [x] {y}"), ("100% Öl/Fett", "a\\b (c) = 5°|*?")),
}
REVIEW = {"D": 2, "W": 1}
LEAD_TIME = {"short": 1, "zero": 0, "beyond_horizon": 1}
MINIMUM_HISTORY = 4
NEW = MINIMUM_HISTORY - 1
"""Periods since the first sale of a product that follows another."""
ORDER_DAYS = (0, 2, 4, 5)
"""Weekdays of the supplier of the first product."""
LEAST = 100.0
"""Value of an order of the same."""
LIFE = 2
"""Periods in which a unit of the first product can be sold."""
SHELF = 18
"""Units that a shelf holds."""
BEYOND = 30
"""Lead time of the one product that no horizon reaches."""

LIKE_FEATURES = (
    "demand", "share", "scale", "Fuel Price", "history_units", "future_price", "interval", "weekday", "mean",
    "units", "promotion", "observed", "order_up_to_level", "tempera/ture °C", "store", "origin",
)  # fmt: skip


@dataclass(frozen=True)
class Lengths:
    """Periods, by what the configuration calls them."""

    history: int
    horizon: int
    test: int
    eval: int
    data: int

    @classmethod
    def of(cls, case: Case) -> Lengths:
        interval = LEAD_TIME[case["lead_time"]] + REVIEW[case["frequency"]]
        horizon = interval + (2 if case["horizon"] == "longer" else 0)
        split = horizon + (4 if case["windows"] == "many" else 0)
        at_bound = case["history"] == "bound"
        history = MINIMUM_HISTORY if at_bound else 10
        data = MINIMUM_HISTORY + horizon + 2 * split + (0 if at_bound else 20)
        if case["sundays"] == "closed" and not at_bound:
            data += 7 * WEEKS
        return cls(history, horizon, split, split, data)


@dataclass(frozen=True)
class Retailer:
    """The frames of each file as they are to be written; a file that is not there has none."""

    case: Case
    lengths: Lengths
    frames: dict[str, pd.DataFrame]
    dates: pd.DatetimeIndex

    @property
    def sales(self) -> pd.DataFrame:
        return self.frames["sales_data"]

    @property
    def period(self) -> pd.Timedelta:
        return pd.Timedelta(days=7 if self.case["frequency"] == "W" else 1)

    @property
    def series(self) -> list[tuple[str, str]]:
        return sorted({tuple(key) for key in self.sales[["store_id", "product_id"]].to_numpy().tolist()})

    @property
    def attributes(self) -> pd.DataFrame | None:
        """What products says of each series: the store's row, and the row for all where that is empty."""
        products = self.frames.get("products")
        if products is None:
            return None
        keys = pd.DataFrame(self.series, columns=["store_id", "product_id"])
        if "store_id" not in products:
            return keys.merge(products, on="product_id", how="left")
        own = keys.merge(products, on=["store_id", "product_id"], how="left")
        of_all = products[products.store_id.isna()].drop(columns="store_id")
        return own.combine_first(keys.merge(of_all, on="product_id", how="left"))

    @functools.cached_property
    def closed(self) -> set[tuple[str, pd.Timestamp]]:
        """Stores and dates that are closed, as is known at the end of the date; those to come by what is known last."""
        coming = [self.dates[-1] + step * self.period for step in range(1, self.lengths.horizon + 1)]
        if self.case["sundays"] == "calendar":
            sundays = [date for date in [*self.dates, *coming] if date.dayofweek == 6]
            return {(store, date) for store in self.sales.store_id.unique() for date in sundays}
        return closed_dates(self.sales, list(self.dates), coming) if self.case["frequency"] == "D" else set()

    @property
    def rows(self) -> int:
        """Periods from each series' first sale to the last date of its store."""
        last = self.sales.groupby("store_id").date.max()
        first = self.sales.groupby(["store_id", "product_id"]).date.min().reset_index()
        return int(((first.store_id.map(last) - first.date) // self.period + 1).sum())

    @property
    def units(self) -> float:
        return float(self.sales.units_sold.sum())


def make(case: Case) -> Retailer:
    """The retailer of a case; the same case is the same retailer."""
    rng = np.random.default_rng(int(case["seed"]) + 1)
    lengths = Lengths.of(case)
    stores, products = (
        names[: 2 if case[factor] == "several" else 1]
        for names, factor in zip(NAMES[case["ids"]], ("stores", "items"), strict=True)
    )
    step = 7 if case["frequency"] == "W" else 1
    # Any weekday may be the last one; a shop that is closed on Sundays neither begins nor ends on one.
    ends = [pd.Timestamp("2025-06-02") + pd.Timedelta(days=i) for i in range(7)]
    every = [pd.date_range(end=last, periods=lengths.data, freq=f"{step}D") for last in ends]
    dates = [days for days in every if 6 not in (days[0].dayofweek, days[-1].dayofweek)][int(rng.integers(5))]
    frames = {"sales_data": _sales(case, rng, dates, stores, products, lengths.test)}
    if case["inventory"] != "none":
        frames["inventory_levels"] = _inventory(case, rng, dates, stores, products)
    if case["external"] != "none":
        frames["external_factors"] = _external(case, rng, dates, lengths.horizon, stores)
    if case["sundays"] == "calendar":
        ahead = pd.date_range(dates[0], dates[-1] + pd.Timedelta(days=lengths.horizon))
        frames["store_calendar"] = pd.DataFrame(
            {"date": [day for day in ahead if day.dayofweek == 6], "open": 0}
        )
    # Nothing planned is no file, or one that says so.
    if case["planned"] in ("prices", "promotions") or (case["planned"] == "none" and int(case["seed"]) % 2):
        frames["planned_prices"] = _planned(case["planned"], rng, dates, lengths.horizon, products)
    if case["products"] != "none":
        frames["products"] = _products(case, stores, products, dates[-1])
    if case["suppliers"] != "none":
        frames["suppliers"] = pd.DataFrame(
            {
                "supplier": ["Nord & Süd"],
                "order_weekdays": ["Mon, Wed, Fri-Sat" if case["suppliers"] == "order_days" else None],
                "lead_time": [LEAD_TIME[case["lead_time"]]],
                "minimum_order_value": [LEAST if case["suppliers"] == "least_orders" else None],
            }
        )
    return Retailer(case, lengths, frames, dates)


def _keys(dates: pd.Index, stores: Sequence[str], products: Sequence[str]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(
        [dates, list(stores), list(products)], names=["date", "store_id", "product_id"]
    )
    return index.to_frame(index=False)


def _sales(
    case: Case,
    rng: np.random.Generator,
    dates: pd.DatetimeIndex,
    stores: Sequence[str],
    products: Sequence[str],
    test: int,
) -> pd.DataFrame:
    rows = _keys(dates, stores, products)
    sparse = case["rows"] == "sparse"
    season = 1 + 0.5 * np.sin(2 * np.pi * rows.date.dt.dayofyear / 7)
    rows["units_sold"] = rng.poisson((0.9 if sparse else 6.0) * season).astype(float)
    if case["decimals"] == "units":
        rows["units_sold"] = (rows.units_sold * rng.uniform(0.5, 1.5, len(rows))).round(2)
    # Something is sold, from full shelves, while the models are judged.
    judged = (rows.date >= dates[-test]) & (rows.product_id == products[0])
    rows["units_sold"] = rows.units_sold.mask(judged, rows.units_sold.clip(lower=1))
    promoted = rng.random(len(rows)) < 0.1
    optional = {
        "unit_price": np.where(promoted, 3.99, 4.99),
        "discount": np.where(promoted, 0.8, 1.0),
        "on_promotion": promoted.astype(int),
        "in_stock": np.where((rng.random(len(rows)) < 0.05) & ~judged, 0.5, 1.0),
    }
    for name, values in optional.items():
        column = pd.Series(values)
        if int(case["seed"]) % 2:
            column = column.mask(_gaps(rng, rows.date) & ~(judged & (name == "in_stock")))
        _put(rows, name, column, case[name])
    kept = np.ones(len(rows), bool)
    if sparse:
        # What sold nothing has no row; the first date of all stays, so that the bound of the history is met.
        kept &= (rows.units_sold > 0).to_numpy() | (rows.date == dates[0]).to_numpy()
        kept |= ((rows.date == dates[-1]) & (rows.product_id == products[0])).to_numpy()
    if case["products"] == "by_store" and len(products) > 1:
        new = rows.product_id == products[-1]
        rows["units_sold"] = rows.units_sold.mask(new, rows.units_sold.clip(lower=1))
        kept = np.where(new, rows.date >= dates[-NEW], kept)
    if case["sundays"] != "open":
        kept &= (rows.date.dt.dayofweek != 6).to_numpy()
    rows = rows[kept].reset_index(drop=True)
    return _invoice_lines(rows) if case["duplicates"] == "sum" else rows


def _invoice_lines(rows: pd.DataFrame) -> pd.DataFrame:
    """Every third row in two lines, which differ in nothing but their units."""
    third = np.arange(len(rows)) % 3 == 0
    whole = rows.assign(units_sold=rows.units_sold.mask(third, rows.units_sold - 1))
    return (
        pd.concat([whole, rows[third].assign(units_sold=1.0)])
        .sort_values("date", kind="stable")
        .reset_index(drop=True)
    )


def _put(rows: pd.DataFrame, name: str, values: pd.Series, level: str) -> None:
    """Adds a column as its factor says."""
    if level == "absent":
        return
    if level == "empty":
        values = values.astype(float).mask(values.notna())
    elif level == "empty_newest":
        values = values.mask(_newest_week(rows.date))
    rows[name] = values


def _gaps(rng: np.random.Generator, dates: pd.Series) -> NDArray[Any]:
    """Cells that nobody filled in: a few, and one of the newest date where that leaves others."""
    newest = (dates == dates.max()).to_numpy()
    found = (rng.random(len(dates)) < 0.05) & ~newest
    found[-1] = newest.sum() > 1
    return found


def _newest_week(dates: pd.Series) -> pd.Series:
    return dates > dates.max() - pd.Timedelta(days=7)


def _inventory(
    case: Case,
    rng: np.random.Generator,
    dates: pd.DatetimeIndex,
    stores: Sequence[str],
    products: Sequence[str],
) -> pd.DataFrame:
    rows = _keys(dates, stores, products)
    for name, most in (("on_hand", 40), ("on_order", 10)):
        values = pd.Series(rng.integers(1 if name == "on_hand" else 0, most, len(rows)).astype(float))
        _put(
            rows, name, values, {"empty": "empty", "empty_newest": "empty_newest"}.get(case["inventory"], "")
        )
    if case["inventory"] == "newest":
        rows = rows[rows.date == dates[-1]]
    if case["stock"] == "stale":
        rows = rows[rows.date <= dates[len(dates) // 2]]
    return rows.reset_index(drop=True)


def _external(
    case: Case, rng: np.random.Generator, dates: pd.DatetimeIndex, horizon: int, stores: Sequence[str]
) -> pd.DataFrame:
    """One row a date for all stores, beyond the last sale too; with text columns one a date and store."""
    level = case["external"]
    step = dates[1] - dates[0]
    coming = pd.date_range(dates[-1] + step, periods=horizon, freq=step)
    every = dates if level == "unknown_future" else dates.append(coming)
    rows = _keys(every, stores if level == "text" else [""], [""]).drop(columns="product_id")
    rows["store_id"] = rows.store_id.mask(rows.store_id == "")
    if level == "text":
        rows["event"] = ["Straßenfest; 50%" if i % 5 == 0 else None for i in range(len(rows))]
        rows["sky"] = rng.choice(["klar", "wolkig", "Regen/Schnee"], len(rows))
        return rows
    names = {"forty": [f"x{i:02d}" for i in range(40)], "named_like_features": list(LIKE_FEATURES)}
    for name in names.get(level, ["temperature"]):
        rows[name] = rng.normal(15, 5, len(rows)).round(1)
    rows["holiday"] = (np.arange(len(rows)) % 9 == 0).astype(int)
    if level == "empty_newest":
        known = rows.date <= dates[-1]
        for name in ("temperature", "holiday"):
            rows[name] = rows[name].astype(float).mask(_newest_week(rows.date.where(known, dates[0])) & known)
    return rows


KNOWN_AHEAD = {"unit_price": 2, "on_promotion": "all"}
"""What settings say is known ahead where there is no file."""


def _planned(
    level: str, rng: np.random.Generator, dates: pd.DatetimeIndex, horizon: int, products: Sequence[str]
) -> pd.DataFrame:
    """Of all stores: every price, past and to come; or what is promoted for half the horizon; or nothing."""
    step = dates[1] - dates[0]
    coming = pd.date_range(dates[-1] + step, periods=horizon, freq=step)
    if level == "prices":
        rows = _keys(dates.append(coming), [""], products).drop(columns="store_id")
        promoted = rng.random(len(rows)) < 0.2
        return rows.assign(
            unit_price=np.where(promoted, 3.99, 4.99),
            discount=np.where(promoted, 0.8, 1.0),
            on_promotion=promoted.astype(int),
        )
    rows = _keys(coming[: -(-horizon // 2)], [""], products[:1]).assign(on_promotion=1)
    rows["store_id"] = rows.store_id.mask(rows.store_id == "")
    return rows[:0] if level == "none" else rows


def _products(case: Case, stores: Sequence[str], products: Sequence[str], last: pd.Timestamp) -> pd.DataFrame:
    count = len(products)
    pack = 0.1 if case["decimals"] == "packs" else 6
    rows = pd.DataFrame(
        {
            "product_id": products,
            "category": [f"Käse & {i}" for i in range(count)],
            "unit_cost": [2.5] * count,
            "lead_time": [LEAD_TIME[case["lead_time"]]] * count,
            "pack_size": [pack] * count,
            "minimum_order_quantity": [0.3 if case["decimals"] == "packs" else 6] * count,
            "maximum_order_quantity": [600] * count,
            "holding_cost": [0.05] * count,
            "shortage_cost": [1.5] * count,
        }
    )
    if case["lead_time"] == "beyond_horizon":
        rows.loc[0, "lead_time"] = BEYOND
    if case["suppliers"] != "none":
        rows["supplier"] = ["Nord & Süd" if i == 0 else np.nan for i in range(count)]
    if case["suppliers"] == "lead_times":
        rows.loc[0, "lead_time"] = np.nan
    if case["shelf"] == "keeps":
        rows["shelf_life"] = [LIFE if i == 0 else np.nan for i in range(count)]
    elif case["shelf"] != "any":
        rows["presentation_stock"] = [4.0 if i == 0 else np.nan for i in range(count)]
    if case["shelf"] == "holds":
        rows["shelf_capacity"] = SHELF
    if case["costs"] != "given":
        rows = rows.drop(columns=["holding_cost", "shortage_cost"])
    if case["costs"] == "targets":
        rows["target_fill_rate"] = [0.95 if i % 2 == 0 else np.nan for i in range(count)]
        rows["target_cycle_service"] = [np.nan if i % 2 == 0 else 0.9 for i in range(count)]
    if case["products"] == "empty_columns":
        rows = rows.assign(**dict.fromkeys(rows.columns[1:], np.nan))
    return _by_store(rows, stores, last) if case["products"] == "by_store" else rows


def _by_store(rows: pd.DataFrame, stores: Sequence[str], last: pd.Timestamp) -> pd.DataFrame:
    """Rows of the last store with packs of its own, which sells the last of several series no more.

    The last of several products follows the first.
    """
    ends = pd.Series([pd.NaT] * len(rows), dtype="datetime64[ns]")
    if len(rows) * len(stores) > 1:
        ends.iloc[-1] = last
    own = pd.DataFrame(
        {"product_id": rows.product_id, "store_id": stores[-1], "pack_size": 12.0, "active_until": ends}
    )
    general = rows.assign(store_id=None, active_from=last - pd.Timedelta(days=900), follows=None)
    if len(rows) > 1:
        general.loc[len(rows) - 1, "follows"] = rows.product_id[0]
    return pd.concat([general, own], ignore_index=True)
