"""Figures from a real store and a serving directory; errors by period against pandas."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from pipeline.operations.retraining.figures import Figures
from pipeline.operations.retraining.reading import read_figures
from pipeline.retraining_options import RetrainingOptions
from pipeline.workspace import Workspace
from serving.directory.layout import CURRENT, MANIFEST_FILE, PAIR_FILE, PAIRS, STATES, State
from tests.pipeline.operations.retraining.made_up import PAIR

OPTIONS = RetrainingOptions(drift_runs=2, new_periods=3)
FIRST = date(2026, 5, 25)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """One that serves pair 7 and holds nothing else."""
    made = Workspace(tmp_path)
    serve(made, 7)
    return made


def serve(workspace: Workspace, version: int) -> None:
    root = workspace.serving
    (root / STATES / "1").mkdir(parents=True)
    (root / STATES / "1" / PAIR_FILE).write_text(
        State(1, version, None, (version,), last_version=version).to_json()
    )
    (root / CURRENT).symlink_to(f"{STATES}/1")
    facts = {
        "run_id": "the-run",
        "last_date": str(PAIR.last_date),
        "metrics": {"demand_forecasting": {"wape": PAIR.wape, "bias": PAIR.bias}},
    }
    (root / PAIRS / str(version)).mkdir(parents=True)
    manifest = {"pushed_at": PAIR.pushed_at.isoformat(), "facts": facts, "files": {}, "transform_graph": ""}
    (root / PAIRS / str(version) / MANIFEST_FILE).write_text(json.dumps(manifest))


def read(writer: psycopg.Connection, workspace: Workspace, days: int = 1) -> Figures:
    return read_figures(writer, workspace, OPTIONS, days)


def each(rows: pd.DataFrame) -> Iterable[Any]:
    return rows.itertuples()


def sell(writer: psycopg.Connection, rows: pd.DataFrame) -> None:
    for row in each(rows):
        writer.execute(
            "INSERT INTO actuals (store_id, product_id, date, units_sold, in_stock) VALUES (%s, %s, %s, %s, %s)",
            [row.store, row.product, row.date, row.units, row.in_stock],
        )


def plan(writer: psycopg.Connection, rows: pd.DataFrame, days: int = 1) -> None:
    for as_of, of_plan in rows.groupby("as_of"):
        writer.execute(
            "INSERT INTO plans VALUES (%s, now(), %s, 1, '{0.1,0.5,0.9}', %s, 1, 3, 7)",
            [as_of, int(of_plan["version"].iloc[0]), days],
        )
    for row in each(rows):
        writer.execute(
            "INSERT INTO forecasts VALUES (%s, %s, %s, %s, %s, %s)",
            [row.as_of, row.store, row.product, row.date, row.middle + 1, [0.0, row.middle, 99.0]],
        )


@pytest.mark.parametrize("days", [1, 7])
def test_each_period_is_scored_by_the_newest_plan_before_it(
    writer: psycopg.Connection, workspace: Workspace, days: int
) -> None:
    random = np.random.default_rng(4)
    dates = [FIRST + timedelta(days=days * i) for i in range(8)]
    series = [(s, p) for s in ("S1", "S2", "silent") for p in ("P1", "P2")]
    forecasts = pd.DataFrame(
        [
            (as_of, as_of + timedelta(days=days * lead), 6 if as_of < dates[3] else 7, s, p, float(units))
            for as_of in dates[:7]
            for lead in (1, 2, 3)
            for (s, p), units in zip(series, random.integers(1, 9, len(series)), strict=True)
        ],
        columns=["as_of", "date", "version", "store", "product", "middle"],
    )  # fmt: skip
    # A day on which nothing was planned is scored by the plan before.
    forecasts = forecasts[forecasts["as_of"] != dates[4]]
    sales = pd.DataFrame(
        [
            (day, s, p, float(random.integers(0, 9)), float(random.choice([1.0, 1.0, 0.5])))
            for day in dates for s, p in series if s != "silent"
        ],
        columns=["date", "store", "product", "units", "in_stock"],
    )  # fmt: skip
    plan(writer, forecasts, days)
    sell(writer, sales)

    newest = forecasts.sort_values("as_of").groupby(["date", "store", "product"]).tail(1)
    joined = newest.merge(sales, on=["date", "store", "product"], how="left")
    joined = joined[joined["date"] <= dates[-1]]
    found = read(writer, workspace, days).periods
    assert [period.date for period in found] == sorted(set(joined["date"]))
    for period, (_, rows) in zip(found, joined.groupby("date"), strict=True):
        full = rows[rows["in_stock"] == 1]
        assert (period.version, period.forecasts, period.observed) == (
            rows["version"].iloc[0],
            6,
            len(full),
        )
        assert period.units == pytest.approx(full["units"].sum())
        assert period.forecast == pytest.approx(full["middle"].sum())
        assert period.absolute_error == pytest.approx((full["middle"] - full["units"]).abs().sum())


def test_sales_of_unknown_stores_and_products_count_by_the_first_plan_of_the_pair(
    writer: psycopg.Connection, workspace: Workspace
) -> None:
    assert read(writer, workspace).new_share is None
    known = pd.DataFrame(
        [(FIRST, FIRST + timedelta(days=1), 7, *names, 3.0) for names in (("S1", "P1"), ("S2", "P2"))],
        columns=["as_of", "date", "version", "store", "product", "middle"],
    )  # fmt: skip
    plan(writer, known)
    day = FIRST + timedelta(days=9)
    sales = [("S1", "P1", 4.0), ("S1", "P2", 2.0), ("S1", "new", 1.0), ("new", "P1", 3.0)]
    rows = pd.DataFrame(
        [(day, *row, 1.0) for row in sales] + [(day - timedelta(days=5), "new", "P1", 100.0, 1.0)],
        columns=["date", "store", "product", "units", "in_stock"],
    )
    sell(writer, rows)
    # What is listed anew in a known store is no new product; what lies before the newest three days does not count.
    assert read(writer, workspace).new_share == pytest.approx(4 / 10)


def judge(writer: psycopg.Connection, as_of: date, name: str, *subjects: str, check: str = "drift") -> None:
    began = f"{as_of + timedelta(days=1)} 05:00+00"
    writer.execute(
        "INSERT INTO planning_runs (planning_id, began, status, as_of, period_days) VALUES (%s, %s, 'planned', %s, 1)",
        [name, began, as_of],
    )
    for number, subject in enumerate(("units_sold", *subjects)):
        verdict = "pass" if number == 0 else "warn"
        writer.execute(
            "INSERT INTO planning_checks VALUES (%s, 'data', %s, %s, %s, 0, 0, 0, %s, '')",
            [name, number, check, subject, verdict],
        )


def test_drift_counts_once_it_was_found_in_the_newest_runs_since_the_push(
    writer: psycopg.Connection, workspace: Workspace
) -> None:
    judge(writer, FIRST - timedelta(days=9), "before the push", "unit_price", "discount")
    judge(writer, FIRST + timedelta(days=3), "one", "unit_price", "discount")
    assert (read(writer, workspace).drift_runs, read(writer, workspace).drifted) == (1, [])
    judge(writer, FIRST + timedelta(days=4), "two, in the morning", "discount")
    judge(writer, FIRST + timedelta(days=4), "two, once more", "unit_price")
    writer.execute(
        "UPDATE planning_runs SET began = began + interval '1 hour' WHERE planning_id LIKE '%once%'"
    )
    found = read(writer, workspace)
    assert (found.drift_runs, found.drifted) == (2, ["unit_price"])


def test_a_column_that_the_pairs_run_did_not_have_is_a_change(
    writer: psycopg.Connection, workspace: Workspace
) -> None:
    judge(writer, FIRST + timedelta(days=3), "one", "weather", "moon", check="schema_new_column")
    assert read(writer, workspace).schema_changes == []
    writer.execute(
        "INSERT INTO runs (run_id, began, status, period_days) VALUES ('the-run', now(), 'pushed', 1)"
    )
    writer.execute(
        "INSERT INTO gate_checks "
        "VALUES ('the-run', 0, 'data', 'schema_new_column', 'weather', 'all', 0, 0, 0, 'warn', '')"
    )
    assert read(writer, workspace).schema_changes == ["new column moon"]


def test_an_empty_workspace_has_nothing_to_tell(writer: psycopg.Connection, tmp_path: Path) -> None:
    assert read(writer, Workspace(tmp_path)) == Figures(1, None, trainings=[])


def test_a_pair_that_was_rolled_back_is_judged_by_its_own_plans(
    writer: psycopg.Connection, tmp_path: Path
) -> None:
    """Pair 6 serves again: trainings, age and promise are those of its own manifest."""
    workspace = Workspace(tmp_path)
    serve(workspace, 6)
    writer.execute(
        "INSERT INTO runs (run_id, began, status, last_date, span, period_days) "
        "VALUES ('later', '2026-06-01', 'pushed', '2026-05-31', 4, 1)"
    )
    found = read(writer, workspace)
    assert found.pair is not None and found.pair.version == 6
    assert [(run.status, run.span) for run in found.trainings] == [("pushed", 4)]
