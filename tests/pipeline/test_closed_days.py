"""Shops that close on Sundays from files to what became of a plan; pandas says what is right.

One has a calendar, with a holiday to come, the other one's Sundays are learned.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts.files import FORECASTS
from pipeline.sample_data.files import write_sample_data
from store.connections import connect
from store.opening import opened
from tests.pipeline.small import CONFIG, Small

pytestmark = pytest.mark.slow

KEY = ["store_id", "product_id"]
DAYS, LATER, HORIZON, TEST, REVIEW = 160, 12, 14, 21, 7
LEARNED, TOLD = "S01", "S02"
SETTINGS = (
    CONFIG.replace("epochs: 3", "epochs: 1").replace("data: {shards: 3}", "data: {shards: 2}")
    + "demand_watch: {enabled: true, epochs: 1, most_false_alarms: 1000, least_power: 0}\n"
)
"""With the demand watch, whose whole way is looked at here too."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A pair trained and a plan made as of some days before the last one, and the days since held against it."""
    small = Small(tmp_path_factory.mktemp("closed"))
    small.config.write_text(SETTINGS)
    shutil.rmtree(small.data)
    write_sample_data(small.data, stores=2, products=4, periods=DAYS, seed=5)
    rows = read(small, "sales_data")
    keys = zip(rows.store_id, rows.date, strict=True)
    shut = [day.dayofweek == 6 or (store, day) == (TOLD, holiday(small)) for store, day in keys]
    rows[~np.array(shut)].to_csv(small.data / "sales_data.csv", index=False)
    every = pd.date_range(rows.date.min(), rows.date.max() + pd.Timedelta(days=HORIZON))
    closed = [day for day in every if day.dayofweek == 6 or day == holiday(small)]
    calendar = pd.DataFrame({"date": closed, "store_id": TOLD, "open": 0})
    calendar.to_csv(small.data / "store_calendar.csv", index=False)
    for command in ("run", "plan"):
        done = small.call(command, "--as-of", origin(small).date().isoformat())
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"store {LEARNED} is taken to be closed on Sundays" in done.stdout
        assert f"store {TOLD} is closed by store_calendar" in done.stdout
    return small


def read(small: Small, name: str) -> pd.DataFrame:
    return pd.read_csv(small.data / f"{name}.csv", parse_dates=["date"])


def origin(small: Small) -> pd.Timestamp:
    return read(small, "inventory_levels").date.max() - pd.Timedelta(days=LATER)


def holiday(small: Small) -> pd.Timestamp:
    """A Wednesday after the plan."""
    return origin(small) + pd.Timedelta(days=(2 - origin(small).dayofweek) % 7 or 7)


def planned(small: Small, name: str) -> pd.DataFrame:
    return pd.read_parquet(small.workspace / "plans" / origin(small).date().isoformat() / f"{name}.parquet")


def is_shut(small: Small, rows: pd.DataFrame) -> pd.Series:
    return (rows.date.dt.dayofweek == 6) | ((rows.store_id == TOLD) & (rows.date == holiday(small)))


def test_nothing_is_forecast_of_a_closed_day_and_something_of_every_other(small: Small) -> None:
    forecasts = planned(small, "forecasts").assign(date=lambda rows: pd.to_datetime(rows.date))
    highest = forecasts["quantiles"].map(max)
    assert ((highest == 0) == is_shut(small, forecasts)).all()
    assert ((forecasts["mean"] == 0) == is_shut(small, forecasts)).all()


def test_a_line_expects_what_the_open_days_of_its_interval_do(small: Small) -> None:
    forecasts = planned(small, "forecasts").assign(date=lambda rows: pd.to_datetime(rows.date))
    lines = planned(small, "order_lines")
    assert len(lines) == 8 and (lines.method == "forecast_plan").all()
    for line in lines.to_dict("records"):
        mine = forecasts[(forecasts[KEY] == [line[name] for name in KEY]).all(axis=1)].sort_values("date")
        inside = mine[: line["protection_interval"]]
        is_open = ~is_shut(small, inside)
        served = pd.to_datetime(inside.date) >= pd.Timestamp(line["arrival"])
        # All that is asked for once the order is there, and before that no more than is asked for.
        most, least = (inside["mean"][mask].sum() for mask in (is_open, is_open & served))
        assert 0.97 * least <= line["expected_demand"] <= 1.03 * most


def test_no_closed_day_is_judged(small: Small) -> None:
    """The gate's figures again, over the open days of the test windows."""
    (path,) = (small.workspace / "artifacts").glob(f"*/*/*/{FORECASTS}")
    windows = pd.read_parquet(path).assign(date=lambda rows: pd.to_datetime(rows.date))
    sales = read(small, "sales_data")
    known = windows.drop(columns="units").merge(sales, on=[*KEY, "date"], how="left")
    shut = is_shut(small, known)
    assert (known.observed[shut] == 0).all() and (known["q0.5"][shut] == 0).all() and shut.any()
    full = known[~shut & (known.in_stock >= 1)]
    assert (full.observed == 1).all()
    metrics = small.summaries()[-1]["models"]["demand_forecasting"]["metrics"]
    error = (full["q0.5"] - full.units_sold).abs().sum()
    assert metrics["wape"] == pytest.approx(error / full.units_sold.sum(), rel=1e-4)
    assert metrics["bias"] == pytest.approx(full["q0.5"].sum() / full.units_sold.sum() - 1, rel=1e-3)


def test_what_became_of_the_plan_is_told_of_open_days(small: Small) -> None:
    done = small.call("actuals")
    assert done.returncode == 0, done.stdout + done.stderr
    later = read(small, "sales_data")
    later = later[(later.date > origin(small)) & (later.in_stock >= 1)]
    forecasts = planned(small, "forecasts").assign(date=lambda rows: pd.to_datetime(rows.date))
    forecasts["median"] = [quantiles[3] for quantiles in forecasts["quantiles"]]
    both = later.merge(forecasts, on=["date", *KEY])
    assert len(both) == len(later) and not is_shut(small, both).any()
    wape = (both["median"] - both.units_sold).abs().sum() / both.units_sold.sum()
    printed = re.search(r"WAPE ([\d.]+)%, bias (-?[\d.]+)%", done.stdout)
    assert printed and float(printed[1]) == pytest.approx(100 * wape, abs=0.06)
    assert float(printed[2]) == pytest.approx(
        100 * (both["median"].sum() / both.units_sold.sum() - 1), abs=0.06
    )


def test_the_demand_watch_goes_with_the_pair_and_is_judged_beside_it(small: Small) -> None:
    summary = small.summaries()[-1]
    watch = summary["watch"]
    assert watch["blessed"] and watch["reasons"] == []
    assert watch["pushed_version"] == summary["models"]["demand_forecasting"]["pushed_version"]
    assert {"false_alarms", "power_spike", "power_shift_up"} <= set(watch["metrics"])
    folder = small.workspace / "serving" / ".pairs" / str(watch["pushed_version"]) / "demand_watch"
    assert (folder / "saved_model.pb").exists()
    # Whoever knows of two models goes on seeing two.
    shown = {path.name for path in (small.workspace / "serving" / "current").iterdir() if path.is_dir()}
    assert shown == {"demand_forecasting", "replenishment_optimization"}
    with opened(small.workspace / "postgres") as server, connect(server.reader or "") as connection:
        found = connection.execute(
            "SELECT value FROM metrics WHERE model = 'demand_watch' AND metric = 'false_alarms' AND slice = 'all'"
        ).fetchall()
    assert found == [(pytest.approx(watch["metrics"]["false_alarms"]),)]


def test_the_demand_watch_finds_what_was_planted_once(small: Small, tmp_path: Path) -> None:
    """A store's last two open days that hold nothing, and a week's spike of one of the other store's products."""
    shutil.copytree(small.data, tmp_path / "data")
    sales = read(small, "sales_data")
    days = sorted(sales.date[sales.store_id == TOLD].unique())
    sales.loc[(sales.store_id == TOLD) & sales.date.isin(days[-2:]), "units_sold"] = 0
    of_one = sales.store_id == LEARNED
    product = sales[of_one].groupby("product_id").units_sold.mean().idxmax()
    spike = sales[of_one & (sales.product_id == product)].date.sort_values().iloc[-5]
    sales.loc[of_one & (sales.product_id == product) & (sales.date == spike), "units_sold"] = 9_999
    sales.to_csv(tmp_path / "data" / "sales_data.csv", index=False)
    said = small.call("actuals", data=tmp_path / "data")
    assert said.returncode == 0, said.stdout + said.stderr
    assert re.search(r"demand watch: \d+ new finding\(s\)", said.stdout)
    with opened(small.workspace / "postgres") as server, connect(server.reader or "") as connection:
        query = (
            "SELECT kind, level, store_id, product_id, since::text, seen, reason <> '' FROM watch_findings"
        )
        found = connection.execute(query).fetchall()
        version = small.summaries()[-1]["watch"]["pushed_version"]
        assert connection.execute("SELECT DISTINCT pair FROM watch_findings").fetchall() == [(version,)]
    assert ("spike", "series", LEARNED, product, str(spike.date()), 9_999, True) in found
    frozen = {row[2:5] for row in found if row[:2] == ("frozen_feed", "store")}
    assert (TOLD, "", str(pd.Timestamp(days[-2]).date())) in frozen and {row[0] for row in frozen} == {TOLD}
    again = small.call("actuals", data=tmp_path / "data")
    assert re.search(r"demand watch: 0 new finding\(s\), \d+ known already", again.stdout), again.stdout


def test_nobody_wants_anything_of_a_closed_store_in_the_simulation(small: Small) -> None:
    """Demand of the test period: sales, scaled up where stock lasted for a part, the mean where there was none."""
    last = origin(small)
    sales = read(small, "sales_data")
    sales = sales[(sales.date <= last) & (sales.date > last - pd.Timedelta(days=TEST + REVIEW))]
    sales["wanted"] = sales.units_sold / sales.in_stock.clip(lower=1 / 3)
    sales["wanted"] = sales.wanted.where(sales.in_stock > 0)
    sales["wanted"] = sales.wanted.fillna(sales.groupby(KEY).wanted.transform("mean"))
    expected = sales.wanted[sales.date > last - pd.Timedelta(days=TEST)].sum()
    for policy, found in small.summaries()[-1]["simulation"].items():
        if "units_demanded" in found:
            assert found["units_demanded"] == pytest.approx(expected, rel=1e-5), policy
