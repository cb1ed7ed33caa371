"""The whole pipeline from the command line: runs, caching, new spans, refusals, kills.

One workspace lives through it all. Each stage of its life is a fixture that builds on the one before and keeps what
was to be seen then, so that any test runs alone, after the stages that it needs.

Over 300 lines: the stages of one life, and what each is held to.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pandas as pd
import pytest
from ml_metadata.proto.metadata_store_pb2 import Execution

from tests.pipeline import warm
from tests.pipeline.small import PERIODS, PRODUCTS, STORES, Small
from tests.places import ROOT

pytestmark = pytest.mark.slow

MODELS = ("demand_forecasting", "replenishment_optimization")
RESOLVERS = {"EarlierSpans", "TrainedRows", "LatestDemandModel", "LatestReplenishmentModel"}
COMPLETE, CACHED, FAILED, RUNNING = Execution.COMPLETE, Execution.CACHED, Execution.FAILED, Execution.RUNNING
NODES = 19
BEFORE_TRANSFORM = {"TrainedRows", "EarlierSpans"}
"""Resolvers, which run in every run."""
NEVER_CACHED = RESOLVERS | {"MetricsExporter", "PairPusher"}


@dataclass(frozen=True)
class Stage:
    """What a run said, and what was there when it began and when it had ended."""

    done: subprocess.CompletedProcess[str]
    summary: dict[str, Any]
    before: list[list[int]]
    versions: list[list[int]]
    executions: dict[int, int]

    @property
    def said(self) -> str:
        return self.done.stdout + self.done.stderr

    @property
    def states(self) -> dict[str, str]:
        return {component["node"]: component["state"] for component in self.summary["components"]}

    def nodes(self, state: str) -> set[str]:
        return {node for node, found in self.states.items() if found == state}

    def more(self, state: int, before: Stage) -> int:
        """Executions of a state that this run added."""
        return self.executions[state] - before.executions[state]


def stage(small: Small, *extra: str, data: Path | None = None) -> Stage:
    before = [small.versions(model) for model in MODELS]
    done = small.run(*extra, data=data)
    counts = {state: small.count(state) for state in (COMPLETE, CACHED, FAILED, RUNNING)}
    return Stage(done, small.summaries()[-1], before, [small.versions(model) for model in MODELS], counts)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    return Small(tmp_path_factory.mktemp("end-to-end"))


@pytest.fixture(scope="module")
def killed(small: Small) -> int:
    """Executions that were under way when the first run was killed."""
    process = subprocess.Popen(small.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Transform writes the most, for the longest time: it is killed in the middle of it.
    working = small.workspace / "artifacts" / "Transform"
    deadline = time.monotonic() + 240
    while not list(working.glob("*/*/*")) and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return small.count(RUNNING)


@pytest.fixture(scope="module")
def first(small: Small, killed: int) -> Stage:
    return stage(small)


@pytest.fixture(scope="module")
def again(small: Small, first: Stage) -> Stage:
    """The same data once more."""
    return stage(small)


@pytest.fixture(scope="module")
def batch(small: Small) -> Path:
    """The last weeks and one week more; older history comes from the first span."""
    folder = small.root / "batch"
    shutil.copytree(small.data, folder)
    for name in ("sales_data", "inventory_levels"):
        rows = pd.read_csv(folder / f"{name}.csv", dtype=str)
        dates = sorted(rows.date.unique())
        recent = rows[rows.date >= dates[-30]]
        further = recent[recent.date >= dates[-7]].copy()
        further["date"] = (pd.to_datetime(further.date) + pd.Timedelta(days=7)).dt.strftime("%Y-%m-%d")
        pd.concat([recent, further]).to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def invalid(small: Small, again: Stage) -> Stage:
    """A batch with a bad row."""
    folder = small.root / "bad"
    shutil.copytree(small.data, folder)
    sales = pd.read_csv(folder / "sales_data.csv", dtype=str)
    sales.loc[41, "units_sold"] = "-3"
    sales.to_csv(folder / "sales_data.csv", index=False)
    return stage(small, data=folder)


@pytest.fixture(scope="module")
def second(small: Small, invalid: Stage, batch: Path) -> Stage:
    """The new batch, after one that was refused."""
    return stage(small, data=batch)


@pytest.fixture(scope="module")
def rolled_back(small: Small, second: Stage) -> subprocess.CompletedProcess[str]:
    return warm.command(
        ["rollback", "--workspace", str(small.workspace), "--reason", "orders too much of P0003"]
    )


@pytest.fixture(scope="module")
def withdrawn(small: Small, rolled_back: object, batch: Path) -> Stage:
    """The batch of the pair that was rolled back once more."""
    return stage(small, data=batch)


@pytest.fixture(scope="module")
def restored(small: Small, withdrawn: Stage, second: Stage, batch: Path) -> Stage:
    """The same, once the pair was asked for by its version."""
    wanted = str(second.versions[0][-1])
    done = warm.command(["rollback", "--workspace", str(small.workspace), "--to", wanted])
    assert done.returncode == 0, done.stdout + done.stderr
    return stage(small, data=batch)


@pytest.fixture(scope="module")
def refused(small: Small, restored: Stage) -> Stage:
    """The first data, and a threshold that no model reaches."""
    good = small.config.read_text()
    small.config.write_text(good.replace("demand_skill: -5", "demand_skill: 0.99"))
    found = stage(small)
    small.config.write_text(good)
    return found


def test_a_killed_run_resumes_without_a_half_written_artifact(
    small: Small, killed: int, first: Stage
) -> None:
    assert killed >= 1
    assert first.done.returncode == 0, first.said
    assert first.done.stderr == "" and "half-written" in first.done.stdout
    cached = first.nodes("cached")
    assert set(first.states.values()) == {"ran", "cached"} and len(first.states) == NODES
    assert {"RetailExampleGen", "Windowing"} <= cached and first.states["Transform"] == "ran"
    assert first.executions[RUNNING] == 0 and first.executions[FAILED] >= 1
    failed = [execution.id for execution in small.executions() if execution.last_known_state == FAILED]
    for execution in failed:
        assert not list((small.workspace / "artifacts").glob(f"*/*/{execution}"))
    # What the killed run had completed is all that was not run anew.
    assert first.executions[CACHED] == len(cached)
    assert first.executions[COMPLETE] == NODES + len(BEFORE_TRANSFORM)
    assert [len(versions) for versions in first.versions] == [1, 1]
    for text in (
        "Demand forecasting, test split",
        "forecast_plan",
        "the pair plans by",
        "clairvoyant",
        "blessed",
        "span 1",
    ):
        assert text in first.done.stdout


def test_each_node_wrote_its_lines_and_a_warning_of_a_library_stands_once(small: Small, first: Stage) -> None:
    def lines(run_id: str) -> list[dict[str, Any]]:
        found = (small.workspace / "logs" / run_id).glob("*.jsonl")
        return [json.loads(line) for path in found for line in path.read_text().splitlines()]

    run_id = first.summary["run_id"]
    said = lines(run_id)
    assert {line["node"] for line in said} == {*first.states, "run"}
    assert {line["run_id"] for line in said} == {run_id}
    of_run = {line["event"] for line in said if line["node"] == "run"}
    assert {"half-written outputs of a killed run removed", "run ended"} <= of_run
    events = {line["event"] for line in said}
    assert {
        "epoch",
        "weights kept",
        "check",
        "policy chosen",
        "pair blessed",
        "pushed",
        "rows exported",
    } <= events
    warned = [line["event"] for line in said if line["level"] == "warning" and line["logger"] == "absl"]
    assert warned and len(warned) == len(set(warned))
    before = min(path.name for path in (small.workspace / "logs").iterdir())
    assert [line["event"] for line in lines(before) if line["node"] == "Transform"][:1] == ["node begins"]


def test_the_summary_keeps_its_schema_and_its_counts(small: Small, first: Stage) -> None:
    schema = json.loads((ROOT / "docs" / "summary.schema.json").read_text())
    summary = first.summary
    jsonschema.validate(summary, schema)
    sales = pd.read_csv(small.data / "sales_data.csv")
    assert summary["status"] == "pushed"
    assert summary["data"]["series"] == STORES * PRODUCTS == len(sales.groupby(["store_id", "product_id"]))
    assert (summary["data"]["first_date"], summary["data"]["last_date"]) == (
        sales.date.min(),
        sales.date.max(),
    )
    assert summary["data"]["rows"] == len(sales)
    assert len(sales) <= STORES * PRODUCTS * PERIODS


def test_wape_of_the_baselines_equals_a_computation_from_the_files(small: Small, first: Stage) -> None:
    """An oracle from the raw files in pandas: the last origins, fully stocked days."""
    sales = pd.read_csv(small.data / "sales_data.csv", parse_dates=["date"])
    units = sales.pivot_table(index="date", columns=["store_id", "product_id"], values="units_sold")
    stock = sales.pivot_table(index="date", columns=["store_id", "product_id"], values="in_stock")
    horizon, errors, total = 14, {"recent_mean": 0.0, "seasonal_naive": 0.0}, 0.0
    for back in range(0, 21 - horizon + 1, 7):
        end = len(units) - back
        actual, stocked = units[end - horizon : end], stock[end - horizon : end] >= 1
        history = units[: end - horizon]
        long_enough = history.notna().sum() >= 14
        forecasts = {
            "recent_mean": pd.DataFrame(dict.fromkeys(actual.index, history[-7:].mean())).T,
            "seasonal_naive": pd.DataFrame(
                [history.iloc[-7 + step % 7] for step in range(horizon)], index=actual.index
            ),
        }
        valid = stocked & long_enough & actual.notna()
        total += actual.where(valid).sum().sum()
        for name, forecast in forecasts.items():
            errors[name] += (forecast - actual).abs().where(valid).sum().sum()
    baselines = first.summary["models"]["demand_forecasting"]["baselines"]
    for name, error in errors.items():
        assert baselines[name]["wape"] == pytest.approx(error / total, rel=1e-4), name


def test_the_simulation_by_hand_equals_the_runs_own(small: Small, first: Stage) -> None:
    """On the same data the pushed pair is what the run judged."""
    done = small.call("simulate")
    assert done.returncode == 0, done.stdout + done.stderr
    planning = first.summary["planning"]["policy"]
    of = "the replenishment model" if planning == "model" else "the forecast plan"
    assert f"Orders by {of} at other service levels" in done.stdout
    found = json.loads((small.workspace / "reports" / "simulation.json").read_text())
    judged = first.summary["simulation"]
    assert set(found["policies"]) == set(judged)
    for name, metrics in judged.items():
        assert found["policies"][name]["total_cost"] == pytest.approx(metrics["total_cost"], rel=1e-5), name
    assert judged["clairvoyant"]["total_cost"] <= min(metrics["total_cost"] for metrics in judged.values())
    stock = [point["average_stock_units"] for point in found["frontier"]]
    assert stock == sorted(stock)


LOAD = """
import sys, tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
print(sorted(model.signatures))
"""


@pytest.mark.parametrize("model", MODELS)
def test_the_pushed_models_load_in_a_new_process_with_two_signatures(
    small: Small, first: Stage, model: str
) -> None:
    folder = small.workspace / "serving" / model / str(first.versions[0][0])
    done = subprocess.run([sys.executable, "-c", LOAD, str(folder)], capture_output=True, text=True)
    assert done.stdout.strip() == "['raw_tensors', 'serving_default']", done.stderr


def test_second_run_on_the_same_data_is_cached(first: Stage, again: Stage) -> None:
    assert again.done.returncode == 0, again.said
    cached = again.nodes("cached")
    assert cached == set(again.states) - NEVER_CACHED
    assert again.more(CACHED, first) == NODES - len(NEVER_CACHED)
    assert [len(versions) for versions in again.versions] == [1, 1]
    assert f"{len(cached)} of {NODES} cached" in again.done.stdout


def test_the_next_good_batch_is_a_new_span_and_builds_on_the_first(
    first: Stage, invalid: Stage, second: Stage
) -> None:
    assert second.done.returncode == 0, second.said
    assert not [c for c in second.summary["data"]["checks"] if c["verdict"] == "stop"]
    assert second.summary["data"]["span"] == 2
    assert second.more(COMPLETE, invalid) == NODES - 1
    assert second.states["ImportSchemaGen"] == "cached"
    # 30 days alone could not fill a history of 28, a horizon of 14 and two held-out stretches of 21 days.
    assert second.summary["data"]["windows"]["train"] > first.summary["data"]["windows"]["train"]
    assert [len(versions) for versions in second.versions] == [2, 2]
    compared = [
        check
        for model in second.summary["models"].values()
        for check in model["checks"]
        if "against the incumbent" in check["check"] and check["value"] is not None
    ]
    assert [check["check"] for check in compared] == [
        "wape against the incumbent, relative",
        "simulated cost against the incumbent, lower end",
    ]
    assert {"model", "incumbent", "base_stock", "forecast_plan"} <= set(second.summary["simulation"])


def test_a_pair_that_was_rolled_back_stays_so_until_it_is_asked_for(
    small: Small,
    second: Stage,
    rolled_back: subprocess.CompletedProcess[str],
    withdrawn: Stage,
    restored: Stage,
) -> None:
    older, newer = second.versions[0]
    assert rolled_back.returncode == 0
    assert f"pair {older} serves, before it was {newer}" in rolled_back.stdout

    assert withdrawn.done.returncode == 3, withdrawn.said
    assert "this very pair was rolled back" in withdrawn.done.stdout
    assert withdrawn.summary["status"] == "refused_model"
    for model in withdrawn.summary["models"].values():
        assert (model["blessed"], model["pushed_version"], model["stage"]) == (True, None, "withdrawn")
    assert set(withdrawn.states) - withdrawn.nodes("cached") == NEVER_CACHED
    assert withdrawn.versions == [[older], [older]]
    page = (small.workspace / "reports" / withdrawn.summary["run_id"] / "index.html").read_text()
    assert "this very pair was rolled back" in page

    assert restored.done.returncode == 0 and restored.versions == [[older, newer]] * 2
    history = [
        json.loads(line) for line in (small.workspace / "serving" / "history.jsonl").read_text().splitlines()
    ]
    assert [record["action"] for record in history[:4]] == ["push", "push", "rollback", "rollback"]
    assert history[2]["reason"] == "orders too much of P0003"


def test_a_model_below_its_threshold_is_refused_and_the_last_version_stays(refused: Stage) -> None:
    assert refused.done.returncode == 3, refused.said
    assert refused.versions == refused.before
    demand, replenishment = (refused.summary["models"][model] for model in MODELS)
    assert not demand["blessed"] and demand["pushed_version"] is None
    assert "skill against seasonal naive: must be at least 0.99" in demand["reasons"]
    # The pair is refused as one, and the partner says so.
    assert not replenishment["blessed"] and replenishment["pushed_version"] is None
    assert replenishment["reasons"] == ["the models are pushed as a pair, and demand_forecasting was refused"]
    assert "FAILED" in refused.done.stdout


def test_a_baseline_is_given_up_only_for_a_recorded_reason(small: Small, refused: Stage) -> None:
    without = small.run("--re-baseline")
    assert without.returncode == 2 and "--reason TEXT" in without.stderr

    done = stage(small, "--re-baseline", "--reason", "the assortment [2026] is new")

    assert done.done.returncode == 0, done.said
    assert not {"LatestDemandModel", "LatestReplenishmentModel"} & set(done.states)
    for model in done.summary["models"].values():
        reasons = [check["reason"] for check in model["checks"]]
        assert "not compared, re-baselined: the assortment [2026] is new" in reasons


def test_bad_rows_are_refused_with_their_place_and_nothing_is_trained(invalid: Stage) -> None:
    assert invalid.done.returncode == 3, invalid.said
    assert "Traceback" not in invalid.said
    assert "units_sold" in invalid.done.stdout and "row 42: '-3'" in invalid.done.stdout
    assert invalid.summary["status"] == "refused_data"
    assert invalid.states["Windowing"] == "skipped"
    assert invalid.versions == invalid.before


def test_status_lists_every_run(small: Small, first: Stage, invalid: Stage) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "status", "--workspace", str(small.workspace)],
        capture_output=True,
        text=True,
        check=True,
    )
    for summary in small.summaries():
        assert summary["run_id"] in done.stdout
    assert "refused_data" in done.stdout and "serves pair" in done.stdout
