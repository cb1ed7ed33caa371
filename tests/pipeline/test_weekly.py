"""Weekly data from files to a pushed pair, its plan and what became of it; pandas says what is right.

Dates, seasons and lengths are counted in weeks everywhere: in the baselines, in the transform graph, in the plan's
dates, arrivals and sums, in what is asked of serving, and when new sales are held against the plan.
"""

from __future__ import annotations

import json
import math
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from pipeline.sample_data.files import write_sample_data
from serving.examples import tensors_of
from tests.pipeline import warm
from tests.pipeline.small import TREES, Small
from trainers.transform_graph import TransformGraph
from transforms.features import FeatureSpace

pytestmark = pytest.mark.slow

WEEKS, LATER, HORIZON, TEST = 104, 3, 4, 6
SETTINGS = TREES.replace(
    "windows: {history: 28, horizon: 14, test_periods: 21, eval_periods: 21, train_stride: 3}",
    f"windows: {{horizon: {HORIZON}, test_periods: {TEST}, eval_periods: {TEST}}}",
).replace("data: {shards: 3}", "data: {shards: 3, frequency: W}")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A pair trained and a plan made as of some weeks before the last one."""
    small = Small(tmp_path_factory.mktemp("weekly"))
    small.config.write_text(SETTINGS)
    shutil.rmtree(small.data)
    write_sample_data(small.data, stores=2, products=6, periods=WEEKS, seed=5, frequency="W")
    rename(small.data)
    for command in ("run", "plan"):
        done = small.call(command, "--as-of", origin(small).date().isoformat())
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
    return small


STORES = {"S01": "北京/1", "S02": "a=b"}
PRODUCTS = dict(
    zip(
        [f"P{number:04d}" for number in range(1, 7)],
        ["Müsli 500g", '50% "off" [x]', "[/red], a;b", "<b>&amp;", "🍎 {0} %s", "x" * 60],
        strict=True,
    )
)
CATEGORIES = {"bakery": "Bäckerei/süß", "dairy": "a=b,c=d", "produce": "<i>"}
EXTERNAL = {"temperature": "demand", "precipitation": "Regen mm/m² [%]", "event": "a=b"}
"""Names that nothing may take for code, markup, a path, another column or a feature."""


def rename(folder: Path) -> None:
    for path in folder.glob("*.csv"):
        rows = pd.read_csv(path)
        for column, names in (("store_id", STORES), ("product_id", PRODUCTS), ("category", CATEGORIES)):
            if column in rows:
                rows[column] = rows[column].replace(names)
        rows.rename(columns=EXTERNAL).to_csv(path, index=False)


def sales(small: Small) -> pd.DataFrame:
    return pd.read_csv(small.data / "sales_data.csv", parse_dates=["date"])


def origin(small: Small) -> pd.Timestamp:
    return sales(small).date.max() - pd.Timedelta(weeks=LATER)


def wide(small: Small, column: str) -> pd.DataFrame:
    """Weeks up to the origin in rows, series in columns."""
    found = sales(small).pivot_table(column, "date", ["store_id", "product_id"])
    return found[found.index <= origin(small)]


def plan(small: Small, name: str) -> pd.DataFrame:
    return pd.read_parquet(small.workspace / "plans" / origin(small).date().isoformat() / f"{name}.parquet")


def test_baselines_and_windows_are_those_of_weeks(small: Small) -> None:
    units, stock = wide(small, "units_sold"), wide(small, "in_stock")
    errors, total, windows = {"recent_mean": 0.0, "seasonal_naive": 0.0}, 0.0, 0
    for end in range(len(units) - TEST + HORIZON, len(units) + 1):
        history, actual = units[: end - HORIZON], units[end - HORIZON : end]
        series = history.columns[history.notna().sum() >= 13]
        windows += len(series)
        recent = history[series][-4:].mean()
        # The 56 weeks of a window reach a year back from each week ahead.
        ago = units.reindex(pd.DatetimeIndex(actual.index) - pd.Timedelta(weeks=52))[series].set_axis(
            actual.index
        )
        forecasts = {
            "recent_mean": pd.DataFrame(dict.fromkeys(actual.index, recent)).T,
            "seasonal_naive": ago.fillna(recent),
        }
        valid = (stock[end - HORIZON : end][series] >= 1) & actual[series].notna()
        total += actual[series].where(valid).sum().sum()
        for name, forecast in forecasts.items():
            errors[name] += (forecast - actual[series]).abs().where(valid).sum().sum()
    summary = small.summaries()[-1]
    slices = summary["models"]["demand_forecasting"]["slices"]
    assert {f"store_id={name}" for name in STORES.values()} <= slices.keys()
    assert summary["data"]["windows"]["test"] == windows
    assert summary["data"]["last_date"] == origin(small).date().isoformat()
    found = summary["models"]["demand_forecasting"]["baselines"]
    for name, error in errors.items():
        assert found[name]["wape"] == pytest.approx(error / total, rel=1e-4), name


def test_the_transform_graph_knows_years_and_no_weekdays(small: Small) -> None:
    artifacts = small.workspace / "artifacts"
    (windows,), (graph,) = (
        list((artifacts / node).iterdir()) for node in ("Windowing/windows", "Transform/transform_graph")
    )
    space = FeatureSpace.from_json((windows / "feature_space.json").read_text())
    assert space.period_days == 7
    files = [str(path) for path in sorted((windows / "Split-test").iterdir())]
    examples = list(tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator())
    raw = tensors_of(examples, space.model_inputs())
    found = {
        name: value.numpy() for name, value in TransformGraph(tft.TFTransformOutput(str(graph)))(raw).items()
    }
    assert "weekday" not in found
    assert set(space.numeric_external) == {"demand", "Regen mm/m² [%]", "holiday"}
    assert {"history_demand", "history_external_demand"} <= found.keys()
    demand, share = found["history_demand"], found["history_share"]
    for step in range(HORIZON):
        ago = demand.shape[1] - 52 + step
        expected = (demand[:, ago] * share[:, ago] + 1) / (share[:, ago] + 1)
        np.testing.assert_allclose(found["seasonal_profile"][:, step], expected, rtol=1e-5)
        days = raw["origin"].numpy()[:, 0] + 7 * (step + 1)
        turn = 2 * math.pi * (days % 365.2425) / 365.2425
        np.testing.assert_allclose(found["year_sine"][:, step], np.sin(turn), atol=1e-5)
    for index, weeks in enumerate((4, 8, 13)):
        expected = ((demand * share)[:, -weeks:].sum(axis=1) + 0.5) / (share[:, -weeks:].sum(axis=1) + 0.5)
        np.testing.assert_allclose(found["recent_levels"][:, index], expected, rtol=1e-5)


def test_the_plan_counts_in_weeks_and_adds_up(small: Small) -> None:
    lines, forecasts = plan(small, "order_lines"), plan(small, "forecasts")
    lead = pd.read_csv(small.data / "products.csv").set_index("product_id").lead_time
    day = origin(small)
    by_series = dict(list(forecasts.groupby(["store_id", "product_id"])))
    assert len(lines) == len(by_series) == 12
    for line in lines.to_dict("records"):
        ahead = by_series[line["store_id"], line["product_id"]].sort_values("date")
        assert pd.to_datetime(ahead.date).tolist() == [
            day + pd.Timedelta(weeks=k) for k in range(1, HORIZON + 1)
        ]
        assert line["protection_interval"] == lead[line["product_id"]] + 1
        assert pd.Timestamp(line["arrival"]) == day + pd.Timedelta(weeks=int(lead[line["product_id"]]) + 1)
        # All that is asked for once the order is there, and before that no more than is asked for.
        inside = ahead["mean"][: line["protection_interval"]]
        served = pd.to_datetime(ahead.date)[: line["protection_interval"]] >= pd.Timestamp(line["arrival"])
        assert 0.97 * inside[served].sum() <= line["expected_demand"] <= 1.03 * inside.sum()
        level = line["expected_demand"] + line["safety_stock"]
        need = level - line["on_hand"] - line["on_order"] + line["rounding_adjustment"]
        assert need == pytest.approx(line["replenishment_quantity"], abs=1e-6)
    stock = pd.read_csv(small.data / "inventory_levels.csv", parse_dates=["date"])
    on_hand = stock[stock.date == day].set_index(["store_id", "product_id"]).on_hand
    assert [on_hand[line.store_id, line.product_id] for line in lines.itertuples()] == lines.on_hand.tolist()


def test_actuals_hold_the_later_weeks_against_the_plan(small: Small) -> None:
    done = small.call("actuals")
    assert done.returncode == 0, done.stdout + done.stderr
    later = sales(small)
    later = later[(later.date > origin(small)) & (later.in_stock >= 1)]
    assert later.date.nunique() == LATER
    forecasts = plan(small, "forecasts").assign(date=lambda rows: pd.to_datetime(rows.date))
    forecasts["median"] = [quantiles[3] for quantiles in forecasts.quantiles]
    both = later.merge(forecasts, on=["date", "store_id", "product_id"])
    assert len(both) == len(later)
    wape = (both["median"] - both.units_sold).abs().sum() / both.units_sold.sum()
    printed = re.search(r"WAPE ([\d.]+)%, bias (-?[\d.]+)%", done.stdout)
    assert printed and float(printed[1]) == pytest.approx(100 * wape, abs=0.06)
    assert float(printed[2]) == pytest.approx(
        100 * (both["median"].sum() / both.units_sold.sum() - 1), abs=0.06
    )


def test_one_item_is_explained_week_by_week_and_so_is_a_request(small: Small, tmp_path: Path) -> None:
    day = origin(small)
    place = ("--workspace", str(small.workspace), "--data", str(small.data), "--config", str(small.config))
    done = warm.command(
        [
            "predict",
            *place,
            "--store",
            STORES["S01"],
            "--product",
            PRODUCTS["P0002"],
            "--as-of",
            day.date().isoformat(),
        ]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"store {STORES['S01']}, product {PRODUCTS['P0002']}" in done.stdout
    dates = re.findall(r"^(\d{4}-\d\d-\d\d)  ", done.stdout, re.MULTILINE)
    assert dates == [f"{day + pd.Timedelta(weeks=k):%Y-%m-%d}" for k in range(1, HORIZON + 1)]
    asked = tmp_path / "request.json"
    observed = [1.0] * 56
    window = {"history_units": [3.0] * 56, "history_present": observed, "history_in_stock": observed}
    days = (day - pd.Timestamp(0)).days
    asked.write_text(json.dumps({"signature_name": "raw_tensors", "instances": [{"origin": days, **window}]}))
    done = warm.command(["predict", *place[:2], "--instances", str(asked)])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("],[") == HORIZON - 1
