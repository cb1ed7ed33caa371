"""The whole pipeline from the command line: runs, caching, new spans, refusals, kills."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

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
NODES = 19
BEFORE_TRANSFORM = {"TrainedRows", "EarlierSpans"}
"""Resolvers, which run in every run."""
NEVER_CACHED = RESOLVERS | {"MetricsExporter", "PairPusher"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """One workspace for the module: the tests are the stages of its life, in order."""
    return Small(tmp_path_factory.mktemp("end-to-end"))


def test_a_killed_run_resumes_without_a_half_written_artifact(small: Small) -> None:
    process = subprocess.Popen(small.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    # Transform writes the most, for the longest time: it is killed in the middle of it.
    working = small.workspace / "artifacts" / "Transform"
    deadline = time.monotonic() + 240
    while not list(working.glob("*/*/*")) and time.monotonic() < deadline:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert small.count(Execution.RUNNING) >= 1

    done = small.run()

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "" and "half-written" in done.stdout
    states = small.states()
    cached = {node for node, state in states.items() if state == "cached"}
    assert set(states.values()) == {"ran", "cached"} and len(states) == NODES
    assert {"RetailExampleGen", "Windowing"} <= cached and states["Transform"] == "ran"
    assert small.count(Execution.RUNNING) == 0 and small.count(Execution.FAILED) >= 1
    failed = [
        execution.id for execution in small.executions() if execution.last_known_state == Execution.FAILED
    ]
    for execution in failed:
        assert not list((small.workspace / "artifacts").glob(f"*/*/{execution}"))
    # What the killed run had completed is all that was not run anew.
    assert small.count(Execution.CACHED) == len(cached)
    assert small.count(Execution.COMPLETE) == NODES + len(BEFORE_TRANSFORM)
    assert [len(small.versions(model)) for model in MODELS] == [1, 1]
    for text in ("Demand forecasting, test split", "quantile_plan", "clairvoyant", "blessed", "span 1"):
        assert text in done.stdout


def test_the_summary_keeps_its_schema_and_its_counts(small: Small) -> None:
    schema = json.loads((ROOT / "pipeline" / "reporting" / "summary.schema.json").read_text())
    summary = small.summaries()[-1]
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


def test_wape_of_the_baselines_equals_a_computation_from_the_files(small: Small) -> None:
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
    baselines = small.summaries()[0]["models"]["demand_forecasting"]["baselines"]
    for name, error in errors.items():
        assert baselines[name]["wape"] == pytest.approx(error / total, rel=1e-4), name


def test_the_simulation_by_hand_equals_the_runs_own(small: Small) -> None:
    """On the same data the pushed pair is what the run judged."""
    done = small.call("simulate")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The model at other service levels" in done.stdout
    found = json.loads((small.workspace / "reports" / "simulation.json").read_text())
    judged = small.summaries()[0]["simulation"]
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
def test_the_pushed_models_load_in_a_new_process_with_two_signatures(small: Small, model: str) -> None:
    folder = small.workspace / "serving" / model / str(small.versions(model)[-1])
    done = subprocess.run([sys.executable, "-c", LOAD, str(folder)], capture_output=True, text=True)
    assert done.stdout.strip() == "['raw_tensors', 'serving_default']", done.stderr


def test_second_run_on_the_same_data_is_cached(small: Small) -> None:
    before = small.count(Execution.CACHED)

    done = small.run()

    assert done.returncode == 0, done.stdout + done.stderr
    cached = {node for node, state in small.states().items() if state == "cached"}
    assert cached == set(small.states()) - NEVER_CACHED
    assert small.count(Execution.CACHED) == before + NODES - len(NEVER_CACHED)
    assert [len(small.versions(model)) for model in MODELS] == [1, 1]
    assert f"{len(cached)} of {NODES} cached" in done.stdout


def test_third_run_with_a_new_batch_is_a_new_span_and_builds_on_the_first(
    small: Small,
) -> None:
    """The batch holds the last weeks and one week more; older history comes from the first span."""
    batch = small.root / "batch"
    shutil.copytree(small.data, batch)
    for name in ("sales_data", "inventory_levels"):
        rows = pd.read_csv(batch / f"{name}.csv", dtype=str)
        dates = sorted(rows.date.unique())
        recent = rows[rows.date >= dates[-30]]
        further = recent[recent.date >= dates[-7]].copy()
        further["date"] = (pd.to_datetime(further.date) + pd.Timedelta(days=7)).dt.strftime("%Y-%m-%d")
        pd.concat([recent, further]).to_csv(batch / f"{name}.csv", index=False)
    before = small.count(Execution.COMPLETE)

    done = small.run(data=batch)

    assert done.returncode == 0, done.stdout + done.stderr
    summary = small.summaries()[-1]
    assert summary["data"]["span"] == 2
    assert small.count(Execution.COMPLETE) == before + NODES - 1
    assert small.states()["ImportSchemaGen"] == "cached"
    # 30 days alone could not fill a history of 28, a horizon of 14 and two held-out stretches of 21 days.
    assert summary["data"]["windows"]["train"] > small.summaries()[0]["data"]["windows"]["train"]
    assert [len(small.versions(model)) for model in MODELS] == [2, 2]
    for model in summary["models"].values():
        (compared,) = [check for check in model["checks"] if check["check"].endswith("incumbent, relative")]
        assert compared["value"] is not None
    assert {"model", "incumbent", "base_stock", "quantile_plan"} <= set(summary["simulation"])


def test_a_pair_that_was_rolled_back_stays_so_until_it_is_asked_for(small: Small) -> None:
    first, second = small.versions(MODELS[0])
    place = ("--workspace", str(small.workspace))
    done = warm.command(["rollback", *place, "--reason", "orders too much of P0003"])
    assert done.returncode == 0 and f"pair {first} serves, before it was {second}" in done.stdout
    assert [small.versions(model) for model in MODELS] == [[first], [first]]

    done = small.run(data=small.root / "batch")

    assert done.returncode == 3, done.stdout + done.stderr
    assert "this very pair was rolled back" in done.stdout
    summary = small.summaries()[-1]
    assert summary["status"] == "refused_model"
    for model in summary["models"].values():
        assert (model["blessed"], model["pushed_version"], model["standing"]) == (True, None, "withdrawn")
    assert {node for node, state in small.states().items() if state != "cached"} == NEVER_CACHED
    assert [small.versions(model) for model in MODELS] == [[first], [first]]
    page = (small.workspace / "reports" / summary["run_id"] / "index.html").read_text()
    assert "this very pair was rolled back" in page

    assert warm.command(["rollback", *place, "--to", str(second)]).returncode == 0
    assert [small.versions(model) for model in MODELS] == [[first, second]] * 2
    assert small.run(data=small.root / "batch").returncode == 0
    history = [
        json.loads(line) for line in (small.workspace / "serving" / "history.jsonl").read_text().splitlines()
    ]
    assert [record["action"] for record in history] == ["push", "push", "rollback", "rollback"]
    assert history[2]["reason"] == "orders too much of P0003"


def test_a_model_below_its_threshold_is_refused_and_the_last_version_stays(small: Small) -> None:
    small.config.write_text(small.config.read_text().replace("demand_skill: -5", "demand_skill: 0.99"))
    before = [small.versions(model) for model in MODELS]

    done = small.run()

    assert done.returncode == 3, done.stdout + done.stderr
    assert [small.versions(model) for model in MODELS] == before
    demand, replenishment = (small.summaries()[-1]["models"][model] for model in MODELS)
    assert not demand["blessed"] and demand["pushed_version"] is None
    assert "skill against seasonal naive: must be at least 0.99" in demand["reasons"]
    # The pair is refused as one, and the partner says so.
    assert not replenishment["blessed"] and replenishment["pushed_version"] is None
    assert replenishment["reasons"] == ["the models are pushed as a pair, and demand_forecasting was refused"]
    assert "FAILED" in done.stdout


def test_a_baseline_is_given_up_only_for_a_recorded_reason(small: Small) -> None:
    small.config.write_text(small.config.read_text().replace("demand_skill: 0.99", "demand_skill: -5"))
    without = small.run("--re-baseline")
    assert without.returncode == 2 and "--reason TEXT" in without.stderr

    done = small.run("--re-baseline", "--reason", "the assortment [2026] is new")

    assert done.returncode == 0, done.stdout + done.stderr
    assert not {"LatestDemandModel", "LatestReplenishmentModel"} & set(small.states())
    for model in small.summaries()[-1]["models"].values():
        reasons = [check["reason"] for check in model["checks"]]
        assert "not compared, re-baselined: the assortment [2026] is new" in reasons


def test_bad_rows_are_refused_with_their_place_and_nothing_is_trained(small: Small, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(small.data, bad)
    sales = pd.read_csv(bad / "sales_data.csv", dtype=str)
    sales.loc[41, "units_sold"] = "-3"
    sales.to_csv(bad / "sales_data.csv", index=False)
    before = {model: small.versions(model) for model in MODELS}

    done = small.run(data=bad)

    assert done.returncode == 3, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "units_sold" in done.stdout and "row 42: '-3'" in done.stdout
    assert small.summaries()[-1]["status"] == "refused_data"
    assert small.states()["Windowing"] == "skipped"
    assert {model: small.versions(model) for model in MODELS} == before


def test_status_lists_every_run(small: Small) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "status", "--workspace", str(small.workspace)],
        capture_output=True,
        text=True,
        check=True,
    )
    for summary in small.summaries():
        assert summary["run_id"] in done.stdout
    assert "refused_data" in done.stdout and "serves pair" in done.stdout
