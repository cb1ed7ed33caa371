"""A task for every forecaster, from files of the data contract: what is known at an origin, and what came after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from benchmarks.peers.arena.task import Facts, Task

KEYS = ["store_id", "product_id"]
SEPARATOR = "\t"
AROUND = (-2, -1, 1, 2)
"""Periods around a day whose events a forecaster is told as well."""
_PERIODS = {"D": (7, 7, 365), "W": (52, 13, 52)}
"""Frequency to the periods of a season, of what is recent, and of a year."""


@dataclass(frozen=True)
class Known:
    """What is known ahead, the same for all methods; columns of the contract's files.

    Attributes:
        sales: numbers of sales_data, as the retailer's own plans would say.
        external: numbers of external_factors.
        events: texts of external_factors.
    """

    sales: tuple[str, ...] = ()
    external: tuple[str, ...] = ()
    events: tuple[str, ...] = ()

    def stated(self) -> str:
        """In words."""
        return ", ".join((*self.sales, *self.external, *self.events)) or "the calendar alone"


@dataclass(frozen=True)
class Source:
    """Files of the contract as a task needs them.

    Attributes:
        sales: all of sales_data, ids as text, ``date`` as timestamps.
        products: product_id, category.
        external, planned: all of external_factors and of planned_prices; empty where there is none.
        demand: store_id, product_id, date, demand (units), where that is known apart from sales; else empty.
    """

    sales: pd.DataFrame
    products: pd.DataFrame
    external: pd.DataFrame = field(default_factory=pd.DataFrame)
    planned: pd.DataFrame = field(default_factory=pd.DataFrame)
    demand: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def read(cls, folder: Path) -> Source:
        """Reads a folder of the contract, CSV or Parquet."""
        names = ("sales_data", "products", "external_factors", "planned_prices", "true_demand/true_demand")
        return cls(*(_table(folder, name) for name in names))


@dataclass(frozen=True)
class Asked:
    """What is asked for at an origin.

    Attributes:
        frequency: D or W.
        horizon: periods to forecast.
        loop: periods after the origin in which is ordered.
        reviews: periods from the origin to each review.
    """

    frequency: str
    horizon: int
    loop: int
    reviews: tuple[int, ...]


def task(source: Source, origin: pd.Timestamp, asked: Asked, known: Known) -> tuple[Task, pd.DataFrame]:
    """The task at an origin, and what came.

    Dates without a row, from a series' first to the origin, are days on which nothing was sold.

    Returns:
        The task; unique_id, store_id, product_id, date, units, stocked and, where it is known, wanted (the true
        demand) of the loop, of series that had begun.
    """
    season, recent, year = _PERIODS[asked.frequency]
    sales = source.sales
    first = sales["date"].min()
    name = "D" if asked.frequency == "D" else f"W-{first:%a}".upper()
    dates = pd.date_range(origin, periods=asked.loop + 1, freq=name)[1:]
    rows = sales[sales["date"] <= dates[-1]].copy()
    rows["unique_id"] = rows["store_id"] + SEPARATOR + rows["product_id"]
    begun = rows.loc[rows["date"] <= origin, "unique_id"].unique()
    rows = _without_gaps(rows[rows["unique_id"].isin(begun)].copy(), name, known)
    rows = _with_plan(rows, source.planned, origin, known)
    rows, events = _with_surroundings(rows, source.external, known)
    rows = rows.merge(source.products[["product_id", "category"]], how="left", on="product_id")
    rows["category"] = rows["category"].fillna("").astype(str)
    rows = rows.rename(columns={"date": "ds", "units_sold": "y"}).sort_values(["unique_id", "ds"])
    numbers = (*known.sales, *known.external)
    facts = Facts(
        frequency=name,
        season=season,
        recent=recent,
        year=year,
        horizon=asked.horizon,
        loop=asked.loop,
        reviews=asked.reviews,
        known=numbers,
        events=events,
        static=(*KEYS, "category"),
    )
    past, columns = (
        rows["ds"] <= origin,
        ["unique_id", "ds", *numbers, *events, *facts.static, "y", "stocked"],
    )
    history, later = (rows.loc[which, columns].reset_index(drop=True) for which in (past, ~past))
    came = rows.loc[~past, ["unique_id", *KEYS, "ds", "y", "stocked"]].reset_index(drop=True)
    came = came.rename(columns={"ds": "date", "y": "units"})
    if not source.demand.empty:
        came = came.merge(source.demand[[*KEYS, "date", "demand"]], how="left", on=[*KEYS, "date"])
        came = came.rename(columns={"demand": "wanted"}).fillna({"wanted": 0.0})
    return Task(facts, history, later), came


def _table(folder: Path, name: str) -> pd.DataFrame:
    parquet, text = folder / f"{name}.parquet", folder / f"{name}.csv"
    if parquet.exists():
        found = pd.read_parquet(parquet)
    elif text.exists():
        found = pd.read_csv(text)
    else:
        return pd.DataFrame()
    for key in sorted(set(KEYS) & set(found)):
        found[key] = found[key].astype(str)
    if "date" in found:
        found["date"] = pd.to_datetime(found["date"])
    return found


def _without_gaps(rows: pd.DataFrame, frequency: str, known: Known) -> pd.DataFrame:
    """A row for each period from a series' first to the last of all."""
    last = rows["date"].max()
    firsts = rows.groupby(["unique_id", *KEYS])["date"].min()
    rows["stocked"] = rows["in_stock"].astype(float) if "in_stock" in rows else 1.0
    columns = ["unique_id", *KEYS, "date", "units_sold", "stocked", *known.sales]
    every = pd.date_range(firsts.min(), last, freq=frequency)
    if len(rows) < len(every) * len(firsts):
        grid = firsts.rename("first").reset_index().merge(pd.DataFrame({"date": every}), how="cross")
        grid = grid[grid["date"] >= grid["first"]].drop(columns="first")
        rows = grid.merge(rows[columns], how="left", on=["unique_id", *KEYS, "date"])
    filled = rows[columns].copy()
    filled["units_sold"] = filled["units_sold"].fillna(0.0).astype(float)
    filled["stocked"] = filled["stocked"].fillna(1.0)
    for name in known.sales:
        filled[name] = filled[name].astype(float)
    return filled


def _with_plan(rows: pd.DataFrame, planned: pd.DataFrame, origin: pd.Timestamp, known: Known) -> pd.DataFrame:
    """After the origin, what was planned stands where what came did."""
    names = [name for name in known.sales if name in planned]
    later = rows["date"] > origin
    if not names:
        return rows
    keys = [*(key for key in KEYS if key in planned), "date"]
    plan = rows.loc[later].drop(columns=names).merge(planned[[*keys, *names]], how="left", on=keys)
    plan[names] = plan[names].astype(float)
    return pd.concat([rows[~later], plan[rows.columns]], ignore_index=True)


def _with_surroundings(
    rows: pd.DataFrame, external: pd.DataFrame, known: Known
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Joins what is known of the surroundings, with the events of the days around; the names of all event columns."""
    if external.empty or not (known.external or known.events):
        return rows, ()
    keys = ["date", "store_id"] if "store_id" in external and external["store_id"].notna().all() else ["date"]
    table = external[[*keys, *known.external, *known.events]].sort_values("date")
    table = table.drop_duplicates(keys)
    names = list(known.events)
    for name in known.events:
        of_store = table.groupby("store_id")[name] if "store_id" in keys else table[name]
        for days in AROUND:
            table[f"{name}{days:+d}"] = of_store.shift(-days)
            names.append(f"{name}{days:+d}")
    for name in known.external:
        table[name] = table[name].astype(float)
    joined = rows.merge(table, how="left", on=keys)
    joined[names] = joined[names].fillna("").astype(str)
    return joined, tuple(names)
