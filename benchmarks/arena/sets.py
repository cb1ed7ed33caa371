"""The arena's data sets, as data: what differs is only what the data are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from benchmarks import freshretailnet, m5, vn2
from benchmarks.arena.tasks import Asked, Known
from benchmarks.harness import freshretailnet_runs
from pipeline.sample_data.files import write_sample_data


@dataclass(frozen=True)
class Terms:
    """On what terms is ordered where products says nothing: periods, money a unit and period, money a unit."""

    lead_time: int
    review_period: int
    holding_cost: float
    shortage_cost: float


@dataclass(frozen=True)
class DataSet:
    """One of them.

    Attributes:
        title: as tables show it.
        files: its folder or file below the arena's data; none: it is generated.
        prepare: writes the files of the contract into a folder, given the former.
        frequency, horizon: of the forecasts, in periods.
        known: what everybody knows ahead.
        origins: the last known date of each forecast, oldest first.
        terms: of orders.
        config: our pipeline's settings besides frequency and horizon.
        wanted: taken by default.
        loop: periods in which is ordered, where they are not those of the horizon.
    """

    title: str
    files: str
    prepare: Callable[[Path, Path], object]
    frequency: Literal["D", "W"]
    horizon: int
    known: Known
    origins: tuple[str, ...]
    terms: Terms
    config: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    wanted: bool = True
    loop: int = 0

    def asked(self) -> Asked:
        """What is asked of a forecaster: at the origin, and at each review whose order still arrives in the loop."""
        loop, terms = self.loop or self.horizon, self.terms
        reviews = tuple(range(0, loop - terms.lead_time, terms.review_period))
        return Asked(self.frequency, self.horizon, loop, reviews)

    def settings(self) -> dict[str, dict[str, Any]]:
        """Our pipeline's configuration: its defaults but for what the data are."""
        found = {name: dict(part) for name, part in self.config.items()}
        found.setdefault("data", {})["frequency"] = self.frequency
        found.setdefault("windows", {})["horizon"] = self.horizon
        return found


def _freshretailnet(source: Path, out: Path, series: int | None) -> None:
    part = out / "part.parquet"
    out.mkdir(parents=True, exist_ok=True)
    freshretailnet_runs.part(source, part, series, 0)
    freshretailnet.convert(part, out)
    part.unlink()
    # What came stands for what was planned; of external_factors the holiday alone, so that nobody sees the weather.
    external = pq.read_table(out / "external_factors.parquet", columns=["date", "store_id", "holiday"])
    pq.write_table(external, out / "external_factors.parquet")
    plan = pq.read_table(
        out / "sales_data.parquet", columns=["date", "store_id", "product_id", "discount", "on_promotion"]
    )
    pq.write_table(plan, out / "planned_prices.parquet")


def _generated(_: Path, out: Path, **options: Any) -> None:
    write_sample_data(out, **options)


_FRESH_KNOWN = Known(sales=("discount", "on_promotion"), external=("holiday",))
_FRESH_TERMS = Terms(lead_time=2, review_period=1, holding_cost=1.0, shortage_cost=9.0)
_FRESH_CONFIG = {
    "data": {"lead_time": 2, "holding_cost": 1},
    # 90 days: there is room to hold out a week for each of the two.
    "windows": {"test_periods": 7, "eval_periods": 7, "review_period": 1},
}
_GENERATED_KNOWN = Known(
    sales=("unit_price", "discount", "on_promotion"), external=("holiday",), events=("event",)
)
_DAILY_TERMS = Terms(lead_time=3, review_period=7, holding_cost=1 / 7, shortage_cost=9.0)


def _fresh(title: str, file: str, series: int | None, wanted: bool) -> DataSet:
    return DataSet(
        title,
        f"freshretailnet/{file}.parquet",
        partial(_freshretailnet, series=series),
        "D",
        7,
        _FRESH_KNOWN,
        ("2024-06-11", "2024-06-18"),
        _FRESH_TERMS,
        _FRESH_CONFIG,
        wanted,
    )


SETS: dict[str, DataSet] = {
    "freshretailnet": _fresh("FreshRetailNet, 1,129 series", "small", None, wanted=True),
    "freshretailnet_5000": _fresh("FreshRetailNet, 5,000 series", "full", 5000, wanted=True),
    "freshretailnet_50000": _fresh("FreshRetailNet, 50,000 series", "full", None, wanted=False),
    "vn2": DataSet(
        "VN2, 599 series, weekly",
        "vn2",
        vn2.convert,
        "W",
        6,
        Known(),
        ("2023-05-15", "2023-08-07", "2023-10-30", "2024-02-12"),
        Terms(vn2.LEAD_TIME, 1, vn2.HOLDING_COST, vn2.SHORTAGE_COST),
        # The challenge's eight weeks, of which six have an order.
        loop=8,
    ),
    "m5": DataSet(
        "M5, levels 1 to 9, 154 series",
        "m5",
        m5.convert,
        "D",
        28,
        Known(external=("snap",), events=("event", "event_2")),
        # d_1857, d_1885 and d_1913.
        ("2016-02-28", "2016-03-27", "2016-04-24"),
        _DAILY_TERMS,
        {"data": {"known_ahead": dict.fromkeys(m5.KNOWN_AHEAD, "all")}},
    ),
    "generated": DataSet(
        "generated, 240 series, two years",
        "",
        _generated,
        "D",
        14,
        _GENERATED_KNOWN,
        ("2025-11-18", "2025-12-02", "2025-12-16"),
        _DAILY_TERMS,
    ),
    "generated_short": DataSet(
        "generated, 240 series, 200 days",
        "",
        partial(_generated, seed=8, periods=200),
        "D",
        14,
        _GENERATED_KNOWN,
        ("2024-06-20", "2024-07-04"),
        _DAILY_TERMS,
    ),
    "generated_weekly": DataSet(
        "generated, 240 series, 156 weeks",
        "",
        partial(_generated, seed=9, frequency="W", periods=156),
        "W",
        6,
        _GENERATED_KNOWN,
        ("2025-09-29", "2025-11-10"),
        Terms(lead_time=1, review_period=1, holding_cost=1.0, shortage_cost=9.0),
    ),
}
