"""What is gathered of real runs: one that pushed, one that the data gate stopped, one whose files were refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from contracts.errors import UserError
from contracts.records.checks import FeatureCheck
from pipeline.reporting.data import ReportData
from pipeline.reporting.past import run_named, summary_of
from pipeline.reporting.sources import gather
from pipeline.reporting.status import read_only
from pipeline.reporting.writing import write_past_report
from pipeline.workspace import Workspace
from store.connections import connect
from store.opening import opened
from tests.pipeline.reporting.reading import Page
from tests.pipeline.small import Small

pytestmark = pytest.mark.slow

MODELS = ("demand_forecasting", "replenishment_optimization")
HOSTILE = "<script>alert(1)</script>"
PUSHED, STOPPED, REFUSED = range(3)


def change(folder: Path, name: str, **columns: Any) -> None:
    path = folder / f"{name}.csv"
    pd.read_csv(path).assign(**columns).to_csv(path, index=False)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A workspace with the three runs, in a shop with a hostile name."""
    small = Small(tmp_path_factory.mktemp("report"))
    for name in ("sales_data", "inventory_levels", "external_factors"):
        change(small.data, name, store_id=lambda rows: rows["store_id"].replace({"S01": HOSTILE}))
    for code, factor in ((0, 1), (3, 100), (3, -1)):
        batch = small.root / f"batch{factor}"
        shutil.copytree(small.data, batch)
        change(batch, "sales_data", unit_price=lambda rows, factor=factor: rows["unit_price"] * factor)
        done = small.run(data=batch)
        assert done.returncode == code, done.stdout + done.stderr
        assert done.stderr == ""
        page = small.workspace / "reports" / small.summaries()[-1]["run_id"] / "index.html"
        assert f"report:  {page}" in done.stdout and page.exists()
    return small


@pytest.fixture(scope="module")
def workspace(small: Small) -> Workspace:
    return Workspace(small.workspace)


@pytest.fixture(scope="module")
def gathered(small: Small, workspace: Workspace) -> list[ReportData]:
    config = read_only(workspace)
    run_ids = [summary["run_id"] for summary in small.summaries()]
    return [gather(workspace, run_id, config, summary_of(workspace, run_id, config)) for run_id in run_ids]


def test_the_verdict_names_what_was_pushed_and_where(
    small: Small, workspace: Workspace, gathered: list[ReportData]
) -> None:
    verdict = gathered[PUSHED].verdict
    assert (verdict.status, verdict.reasons) == ("pushed", ())
    begun = datetime.strptime(verdict.run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    assert verdict.began is not None and timedelta(0) <= verdict.began - begun < timedelta(minutes=2)
    for served in verdict.models:
        assert [served.version] == small.versions(served.model)
        assert Path(str(served.folder)) == workspace.serving / served.model / str(served.version)
    for data in gathered[1:]:
        assert data.verdict.status == "refused_data" and data.verdict.reasons
        assert {served.version for served in data.verdict.models} == {None}
    assert any(reason.startswith("restated, unit_price") for reason in gathered[STOPPED].verdict.reasons)
    assert "unit_price" in gathered[REFUSED].verdict.reasons[0]
    assert f"--workspace {workspace.root}" in verdict.next_steps[0]
    assert any("waive" in step for step in gathered[STOPPED].verdict.next_steps)


def test_statistics_equal_those_of_the_files(small: Small, gathered: list[ReportData]) -> None:
    sales = pd.read_csv(small.data / "sales_data.csv")
    stopped = {feature.name: feature for feature in gathered[STOPPED].features}
    price = stopped["unit_price"]
    assert gathered[STOPPED].compared == "span 1, version 1" and price.before
    assert price.before.mean == pytest.approx(sales["unit_price"].mean(), rel=1e-4)
    assert price.new.mean == pytest.approx(100 * sales["unit_price"].mean(), rel=1e-4)
    assert price.drift and price.drift.verdict == "stop"
    shares = sales["store_id"].value_counts(normalize=True)
    assert stopped["store_id"].new.values == pytest.approx(shares.to_dict(), abs=1e-3)
    assert HOSTILE in stopped["store_id"].new.values
    assert all(feature.before is None for feature in gathered[PUSHED].features)
    assert gathered[PUSHED].compared is None and gathered[REFUSED].features == ()


def test_both_gates_are_there_with_every_check(small: Small, gathered: list[ReportData]) -> None:
    summaries = small.summaries()
    for data, summary in zip(gathered, summaries, strict=True):
        by_gate = {gate: [c for c in data.checks if c.gate == gate] for gate in ("data", "model")}
        assert len(by_gate["data"]) == len(summary["data"]["checks"])
        assert len(by_gate["model"]) == sum(len(m["checks"]) for m in summary["models"].values())
    assert {check.gate for check in gathered[PUSHED].checks} == {"data", "model"}
    check = gathered[STOPPED].checks[0]
    assert isinstance(check, FeatureCheck) and check.verdict == "stop" and check.rows
    assert gathered[REFUSED].checks == ()


def test_forecasts_stand_beside_what_was_sold(small: Small, gathered: list[ReportData]) -> None:
    sales = (
        pd.read_csv(small.data / "sales_data.csv").set_index(["store_id", "product_id", "date"]).sort_index()
    )
    assert [series.rank for series in gathered[PUSHED].series] == ["best", "median", "worst"]
    for series in gathered[PUSHED].series:
        mine = sales.xs((series.store, series.product)).reindex([str(day) for day in series.dates])
        observed = np.array(series.observed)
        assert observed.any() and list(observed) == list(mine["in_stock"] >= 1)
        assert np.array(series.units)[observed] == pytest.approx(mine["units_sold"].to_numpy()[observed])
        assert np.all(np.diff(np.array(list(series.quantiles.values())), axis=0) >= -1e-4)
    assert gathered[STOPPED].series == ()


def test_coverage_equals_a_count_over_the_forecasts(small: Small, gathered: list[ReportData]) -> None:
    (path,) = (small.workspace / "artifacts" / "PolicyComparison" / "comparison").glob("*/forecasts.parquet")
    table = pq.read_table(path).to_pandas()
    table = table[table["observed"] > 0]
    for found in gathered[PUSHED].coverage:
        quantile = table[f"q{found.level:g}"].round()
        assert found.at_most == pytest.approx((table["units"] <= quantile).mean())
        assert found.below == pytest.approx((table["units"] < quantile).mean())
    assert gathered[PUSHED].coverage_band == 1.0
    assert len(gathered[PUSHED].coverage) > 2


def test_policies_slices_and_components_are_those_of_the_summary(
    small: Small, gathered: list[ReportData]
) -> None:
    summary, data = small.summaries()[PUSHED], gathered[PUSHED]
    assert {policy.name for policy in data.policies} == set(summary["simulation"])
    costs = [policy.total_cost for policy in data.policies]
    assert costs == sorted(costs) and data.policies[0].name == "clairvoyant"
    skills = [found.metrics["skill_seasonal_naive"] for found in data.slices[MODELS[0]]]
    assert skills == sorted(skill for skill in skills if skill is not None)
    every = [s["skill_seasonal_naive"] for s in summary["models"][MODELS[0]]["slices"].values()]
    assert skills[0] == min(skill for skill in every if skill is not None)
    assert [c.node for c in data.components] == [c["node"] for c in summary["components"]]


def test_lineage_leads_from_the_rows_to_the_pushed_versions(small: Small, gathered: list[ReportData]) -> None:
    lineage = gathered[PUSHED].lineage
    assert lineage is not None and lineage.pushed
    titles = [title for title, _, _ in lineage.steps]
    assert titles[:4] == ["Rows of span 1, version 1", "Reviewed schema", "Windows", "Transform graph"]
    for model in MODELS:
        (identity,) = [identity for title, identity, _ in lineage.steps if title == f"Pushed {model}"]
        assert identity.endswith(f"version {small.versions(model)[0]}")
    for _, _, where in lineage.steps:
        assert (small.workspace / where).exists()
    assert gathered[STOPPED].lineage is None


def test_each_page_is_whole_and_small_and_the_same_when_it_is_written_again(
    small: Small, workspace: Workspace
) -> None:
    for summary in small.summaries():
        path = workspace.page(summary["run_id"])
        first = path.read_text()
        assert Page(first).errors == [] and HOSTILE not in first and len(first) < 3_000_000
        path.unlink()
        assert write_past_report(workspace, summary["run_id"]) == path
        assert path.read_text() == first


def test_the_command_writes_the_newest_runs_page(small: Small, workspace: Workspace) -> None:
    path = workspace.page(small.summaries()[-1]["run_id"])
    path.unlink()
    command = [sys.executable, "-m", "pipeline", "report", "--workspace", str(small.workspace)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, f"wrote {path}"), done.stderr
    assert path.exists()


def test_a_run_without_a_summary_is_told_from_the_metadata(
    small: Small, workspace: Workspace, gathered: list[ReportData]
) -> None:
    run_id = small.summaries()[PUSHED]["run_id"]
    kept = workspace.report(run_id) / "summary.json"
    content = kept.read_text()
    kept.unlink()
    try:
        summary = summary_of(workspace, run_id, read_only(workspace))
    finally:
        kept.write_text(content)
    written = json.loads(content)
    assert summary.status == "pushed"
    states = {c.node: c.state for c in summary.components}
    assert states == {c["node"]: c["state"] for c in written["components"]}
    assert summary.data.rows == written["data"]["rows"]
    assert json.loads(summary.to_json())["simulation"] == written["simulation"]


def test_artifacts_that_are_gone_leave_their_part_out(small: Small, workspace: Workspace) -> None:
    artifacts = small.workspace / "artifacts"
    run_id = small.summaries()[PUSHED]["run_id"]
    aside = small.root / "aside"
    moved = [artifacts / node for node in ("StatisticsGen", "PolicyComparison", "RetailExampleGen")]
    aside.mkdir()
    for folder in moved:
        shutil.move(folder, aside / folder.name)
    try:
        config = read_only(workspace)
        data = gather(workspace, run_id, config, summary_of(workspace, run_id, config))
    finally:
        for folder in moved:
            shutil.move(aside / folder.name, folder)
    assert (data.features, data.series, data.coverage, data.incoming.read_rows) == ((), (), (), {})
    assert data.policies and data.checks


def test_a_workspace_without_runs_is_a_wrong_call(tmp_path: Path, workspace: Workspace) -> None:
    with pytest.raises(UserError, match="holds no runs yet"):
        write_past_report(Workspace(tmp_path), None)
    with pytest.raises(UserError, match="the newest are"):
        run_named(workspace, "../nope")


def test_the_store_has_refused_runs_with_their_reasons_and_statistics(
    small: Small, workspace: Workspace
) -> None:
    with opened(workspace.store) as connections, connect(connections.reader or "") as connection:
        runs = connection.execute("SELECT run_id, status, reasons FROM runs ORDER BY run_id").fetchall()
        features: dict[str, int] = dict(
            connection.execute("SELECT run_id, count(*) FROM data_statistics GROUP BY 1").fetchall()
        )
        stops: dict[str, int] = dict(
            connection.execute(
                "SELECT run_id, count(*) FROM gate_checks WHERE verdict = 'stop' GROUP BY 1"
            ).fetchall()
        )
    assert [status for _, status, _ in runs] == ["pushed", "refused_data", "refused_data"]
    pushed, stopped, refused = (run_id for run_id, _, _ in runs)
    assert not runs[PUSHED][2] and any("unit_price: drift" in reason for reason in runs[STOPPED][2])
    assert runs[REFUSED][2]
    assert features[pushed] == features[stopped] > 10 and refused not in features
    assert list(stops) == [stopped]
