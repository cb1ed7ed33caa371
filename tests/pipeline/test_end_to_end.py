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

from tests.pipeline.small import PERIODS, PRODUCTS, STORES, Small

pytestmark = pytest.mark.slow

MODELS = ("demand_forecasting", "replenishment_optimization")
RESOLVERS = {"EarlierSpans", "TrainedRows", "LatestDemandModel", "LatestReplenishmentModel"}
NODES = 17


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """One workspace for the module: the tests are the stages of its life, in order."""
    return Small(tmp_path_factory.mktemp("end-to-end"))


def test_first_run_pushes_two_models(small: Small) -> None:
    done = small.run()

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert set(small.states().values()) == {"ran"} and len(small.states()) == NODES
    assert [len(small.versions(model)) for model in MODELS] == [1, 1]
    assert small.count(Execution.COMPLETE) == len(small.executions()) == NODES
    for text in ("Demand forecasting, test split", "quantile_plan", "blessed", "span 1"):
        assert text in done.stdout


def test_the_summary_keeps_its_schema_and_its_counts(small: Small) -> None:
    schema = json.loads((Path(__file__).parents[2] / "pipeline" / "summary.schema.json").read_text())
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
    done = small.run()

    assert done.returncode == 0, done.stdout + done.stderr
    cached = {node for node, state in small.states().items() if state == "cached"}
    assert cached == set(small.states()) - RESOLVERS
    assert small.count(Execution.CACHED) == NODES - len(RESOLVERS)
    assert [len(small.versions(model)) for model in MODELS] == [1, 1]
    assert f"{len(cached)} of {NODES} cached" in done.stdout


def test_third_run_with_a_new_batch_is_a_new_span_and_builds_on_the_first(
    small: Small, tmp_path: Path
) -> None:
    """The batch holds the last weeks and one week more; older history comes from the first span."""
    batch = tmp_path / "batch"
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
    checks = summary["models"]["demand_forecasting"]["checks"]
    assert sum("latest blessed" in check["check"] for check in checks) == 1


def test_a_model_below_its_threshold_is_refused_and_the_last_version_stays(small: Small) -> None:
    small.config.write_text(small.config.read_text().replace("demand_skill: -5", "demand_skill: 0.99"))
    before = small.versions("demand_forecasting")

    done = small.run()

    assert done.returncode == 3, done.stdout + done.stderr
    assert small.versions("demand_forecasting") == before
    demand = small.summaries()[-1]["models"]["demand_forecasting"]
    assert not demand["blessed"] and demand["pushed_version"] is None
    assert any("skill_seasonal_naive" in reason and "0.99" in reason for reason in demand["reasons"])
    assert "FAILED: skill_seasonal_naive" in done.stdout


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
    assert "refused_data" in done.stdout and "serving demand_forecasting" in done.stdout


def test_a_killed_run_resumes_without_a_half_written_artifact(tmp_path: Path) -> None:
    small = Small(tmp_path)
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
    assert "half-written" in done.stdout
    states = small.states()
    assert states["RetailExampleGen"] == states["Windowing"] == "cached"
    assert states["Transform"] == "ran"
    assert small.count(Execution.RUNNING) == 0 and small.count(Execution.FAILED) >= 1
    failed = [
        execution.id for execution in small.executions() if execution.last_known_state == Execution.FAILED
    ]
    for execution in failed:
        assert not list((small.workspace / "artifacts").glob(f"*/*/{execution}"))
    assert not list((small.workspace / "artifacts").rglob("beam-temp-*"))
