"""Faults planted in a batch, against the gate of the real pipeline: what each stops, names and leaves alone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from ml_metadata.proto.metadata_store_pb2 import Execution
from tfx.dsl.compiler import compiler

from pipeline.assembly.compiling import for_run
from pipeline.assembly.pipeline import build_pipeline
from pipeline.config import load_config
from pipeline.inputs.batch import find_batch
from pipeline.reporting.outputs import artifacts_of_run, read_json
from pipeline.running.node import connection, run_node
from pipeline.workspace import Workspace
from tests.pipeline.small import Small

pytestmark = pytest.mark.slow

MODELS = ("demand_forecasting", "replenishment_optimization")
UP_TO_THE_GATE = ("RetailExampleGen", "ImportSchemaGen", "StatisticsGen", "TrainedRows", "DataGate")
DATED = ("sales_data", "inventory_levels", "external_factors")
Fault = Callable[[Path], None]


def change(folder: Path, name: str, by: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    path = folder / f"{name}.csv"
    by(pd.read_csv(path)).to_csv(path, index=False)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A workspace whose models were trained on all but the last week of its data, and pushed."""
    small = Small(tmp_path_factory.mktemp("faults"))
    # The data name no event before their last week: without any, the column would be a number at first.
    change(
        small.data,
        "external_factors",
        lambda rows: rows.assign(event=rows.event.mask(rows.date == rows.date.min(), "fair")),
    )
    first = small.root / "first"
    shutil.copytree(small.data, first)
    last = pd.read_csv(first / "sales_data.csv").date.max()
    border = (date.fromisoformat(last) - timedelta(days=7)).isoformat()
    for name in DATED:
        change(first, name, lambda rows: rows[rows.date <= border])
    done = small.run(data=first)
    assert done.returncode == 0, done.stdout + done.stderr
    assert small.summaries()[-1]["data"]["checks"]
    return small


def currency(folder: Path) -> None:
    change(folder, "sales_data", lambda rows: rows.assign(unit_price=rows.unit_price * 100))


def vanished_store(folder: Path) -> None:
    for name in DATED[:2]:
        change(folder, name, lambda rows: rows[rows.store_id != "S02"])


def dozens(folder: Path) -> None:
    change(folder, "sales_data", lambda rows: rows.assign(units_sold=rows.units_sold / 12))


def shifted_holidays(folder: Path) -> None:
    change(
        folder,
        "external_factors",
        lambda rows: rows.assign(holiday=rows.groupby("store_id").holiday.shift(1, fill_value=0)),
    )


def priceless(folder: Path) -> None:
    """No price for half of the products in the newest week."""

    def clear(rows: pd.DataFrame) -> pd.DataFrame:
        newest = rows.date > sorted(rows.date.unique())[-8]
        gone = newest & rows.product_id.isin(sorted(rows.product_id.unique())[::2])
        return rows.assign(unit_price=rows.unit_price.mask(gone))

    change(folder, "sales_data", clear)


def sent_twice(folder: Path) -> None:
    def again(rows: pd.DataFrame) -> pd.DataFrame:
        month = rows[rows.date > sorted(rows.date.unique())[-31]]
        days = pd.to_datetime(month.date) + pd.Timedelta(days=30)
        return pd.concat([rows, month.assign(date=days.dt.strftime("%Y-%m-%d"))])

    for name in DATED[:2]:
        change(folder, name, again)


@pytest.mark.parametrize(
    ("fault", "check", "feature", "row"),
    [
        (currency, "restated", "unit_price", {"store_id": "S01"}),
        (vanished_store, "store_vanished", "store_id", {"store_id": "S02"}),
        (dozens, "restated", "units_sold", {}),
        (shifted_holidays, "restated_external", "holiday", {}),
        (priceless, "missing", "unit_price", {"value": None}),
        (sent_twice, "sent_twice", "units_sold", {}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_fault_stops_the_run_and_the_last_good_version_stays(
    small: Small, tmp_path: Path, fault: Fault, check: str, feature: str, row: dict[str, Any]
) -> None:
    batch = tmp_path / "batch"
    shutil.copytree(small.data, batch)
    fault(batch)
    before = {model: small.versions(model) for model in MODELS}
    failures = small.count(Execution.FAILED)

    done = small.run(data=batch)

    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    summary = small.summaries()[-1]
    assert summary["status"] == "refused_data"
    stops = {(c["check"], c["feature"]): c for c in summary["data"]["checks"] if c["verdict"] == "stop"}
    found = stops[check, feature]
    assert found["value"] > found["threshold"] or check == "sent_twice"
    assert found["rows"] and row.items() <= found["rows"][0].items()
    shown = found["rows"][0]
    assert f"the batch, column {feature}: {check}" in done.stdout
    assert str(shown["store_id"]) in done.stdout and shown["date"] in done.stdout
    assert any(c["verdict"] == "pass" for c in summary["data"]["checks"])
    assert small.states()["DataGate"] == "refused" and small.states()["Windowing"] == "skipped"
    assert small.count(Execution.FAILED) == failures + 1
    assert {model: small.versions(model) for model in MODELS} == before
    assert [len(versions) for versions in before.values()] == [1, 1]


def unseen_category(folder: Path) -> None:
    change(
        folder,
        "products",
        lambda rows: rows.assign(
            category=rows.category.mask(rows.product_id == rows.product_id.min(), "alien")
        ),
    )


def frozen_sensor(folder: Path) -> None:
    # The file reaches beyond the last sale.
    begin = sorted(pd.read_csv(folder / "sales_data.csv").date.unique())[-21]

    def freeze(rows: pd.DataFrame) -> pd.DataFrame:
        newest = rows.date > begin
        return rows.assign(temperature=rows.temperature.mask(newest, 11.5))

    change(folder, "external_factors", freeze)


@pytest.mark.parametrize(
    ("fault", "check", "feature", "value"),
    [
        (unseen_category, "unseen_value", "category", "alien"),
        (frozen_sensor, "frozen", "temperature", 11.5),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_fault_that_only_warns_passes_the_gate_with_its_rows(
    small: Small, tmp_path: Path, fault: Fault, check: str, feature: str, value: Any
) -> None:
    batch = tmp_path / "batch"
    shutil.copytree(small.data, batch)
    fault(batch)
    config, workspace = load_config(small.config), Workspace(small.workspace)
    found = find_batch(batch, config, workspace)
    today = date.today()  # noqa: DTZ011  (the gate's day is local too)
    ready = for_run(
        compiler.Compiler().compile(build_pipeline(config, workspace, found, today)), fault.__name__
    )

    for node in UP_TO_THE_GATE:
        assert run_node(ready, node) in ("ran", "cached")

    (gate,) = artifacts_of_run(connection(ready), fault.__name__)["DataGate"]["anomalies"]
    checks = read_json(gate, "checks.json")
    warned = next(c for c in checks if (c["check"], c["feature"]) == (check, feature))
    assert warned["verdict"] == "warn", json.dumps(warned)
    assert warned["rows"][0]["value"] == value and warned["rows"][0]["store_id"]
    assert not [c for c in checks if c["verdict"] == "stop"]


def test_as_of_a_date_before_what_was_trained_on_nothing_of_later_is_learned(small: Small) -> None:
    plain, workspace = load_config(small.config), Workspace(small.workspace)
    last = date.fromisoformat(pd.read_csv(small.data / "sales_data.csv").date.max())
    as_of = last - timedelta(days=30)  # the span that was trained on ends 23 days later
    config = plain.model_copy(update={"data": plain.data.model_copy(update={"as_of": as_of})})
    found = find_batch(small.data, config, workspace)
    today = date.today()  # noqa: DTZ011  (the gate's day is local too)
    ready = for_run(compiler.Compiler().compile(build_pipeline(config, workspace, found, today)), "earlier")

    for node in (*UP_TO_THE_GATE, "EarlierSpans", "Windowing"):
        assert run_node(ready, node) in ("ran", "cached")

    outputs = artifacts_of_run(connection(ready), "earlier")
    checks = read_json(outputs["DataGate"]["anomalies"][0], "checks.json")
    assert not [c for c in checks if c["verdict"] == "stop"]
    (windows,) = outputs["Windowing"]["windows"]
    assert read_json(windows, "windows.json")["spans"] == [found.span]
    lived_through = pq.read_table(Path(windows.uri) / "test_period", columns=["date"])
    assert pc.max(lived_through["date"]).as_py() == (as_of - date(1970, 1, 1)).days
