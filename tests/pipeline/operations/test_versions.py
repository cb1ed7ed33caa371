"""versions, rollback, promote, serve-config and predict from the command line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from contracts.arrays import Arrays
from contracts.models import MODELS
from serving.acceptance import WARMUP_FILE, read_acceptance
from serving.directory.layout import EXTRA, model_folder, read_state
from tests.pipeline import warm
from tests.pipeline.lived_in import LivedIn

pytestmark = pytest.mark.slow
DEMAND, REPLENISHMENT = MODELS


@pytest.fixture
def workspace(lived_in: LivedIn, tmp_path: Path) -> Path:
    """A workspace with a copy of a serving directory of two pairs."""
    (tmp_path / "w").mkdir()
    shutil.copytree(lived_in.small.workspace / "serving", tmp_path / "w" / "serving", symlinks=True)
    return tmp_path / "w"


def call(command: str, workspace: Path, *extra: str) -> CompletedProcess[str]:
    return warm.command([command, "--workspace", str(workspace), *extra])


def said(done: CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def test_versions_show_what_serves_and_from_what(workspace: Path, lived_in: LivedIn) -> None:
    found = json.loads(said(call("versions", workspace, "--json")))
    new, old = found["versions"]
    assert (new["stage"], old["stage"]) == ("stable", "earlier")
    assert (new["last_date"], old["last_date"]) == (str(lived_in.last), str(lived_in.first))
    summaries = lived_in.small.summaries()
    for version, summary in ((old, summaries[0]), (new, summaries[1])):
        assert version["run_id"] == summary["run_id"]
        assert version["version"] == summary["models"][DEMAND]["pushed_version"]
        for model in MODELS:
            for name, value in version["metrics"][model].items():
                assert value == pytest.approx(summary["models"][model]["metrics"][name])
    assert set(new["metrics"][DEMAND]) == {"wape", "bias"} and 0 <= new["age_days"] < 1
    printed = said(call("versions", workspace))
    assert f"{new['version']}  stable" in printed and f"{new['metrics'][DEMAND]['wape']:.4f}" in printed
    assert [record["action"] for record in found["history"]] == ["push", "push"]


def test_roll_back_and_what_cannot_be_done(workspace: Path) -> None:
    old, new = read_state(workspace / "serving").versions
    assert f"withdrawn: {new}" in said(call("rollback", workspace, "--reason", "sells out"))
    found = json.loads(said(call("versions", workspace, "--json")))
    assert [version["stage"] for version in found["versions"]] == ["withdrawn", "stable"]
    assert found["history"][0]["reason"] == "sells out" and found["history"][0]["by"]
    for command, extra, message in (
        ("rollback", [], "no earlier version"),
        ("rollback", ["--to", "17"], f"kept are: {old}, {new}"),
        ("promote", [], "no canary"),
        ("predict", ["--instances", "x.json", "--version", "17"], "cannot be read"),
    ):
        done = call(command, workspace, *extra)
        assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert "serves already" in said(call("rollback", workspace, "--to", str(old)))
    assert f"pair {new} serves" in said(call("rollback", workspace, "--to", str(new)))


@pytest.mark.parametrize("command", ["versions", "rollback", "promote", "serve-config"])
def test_nothing_was_pushed_yet(tmp_path: Path, command: str) -> None:
    done = call(command, tmp_path / "empty")
    assert done.returncode == 2 and "retail-inventory: " in done.stderr and "Traceback" not in done.stderr


def test_the_configuration_and_its_requests_are_what_the_model_takes(workspace: Path) -> None:
    printed = said(call("serve-config", workspace, "--base-path", "/models"))
    assert "--model_config_file=/models/models.config" in printed
    root, folder = workspace / "serving", workspace / "tensorflow-serving"
    config = text_format.Parse(
        (root / "models.config").read_text(), model_server_config_pb2.ModelServerConfig()
    )
    stable = read_state(root).stable
    assert stable is not None
    for found in config.model_config_list.config:
        assert dict(found.version_labels) == {"stable": stable}
        assert found.base_path == f"/models/{found.name}"
    for model in MODELS:
        loaded = tf.saved_model.load(str(root / model / str(stable)))
        _, answers = read_acceptance(str(model_folder(root, stable, model)))
        asked = text_format.Parse((folder / f"{model}.grpc.txtpb").read_text(), predict_pb2.PredictRequest())
        assert (asked.model_spec.name, asked.model_spec.version_label) == (model, "stable")
        inputs = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in asked.inputs.items()}
        outputs = loaded.signatures[asked.model_spec.signature_name](**inputs)
        for name, answer in answers.items():
            np.testing.assert_allclose(outputs[name], answer[:2], rtol=1e-4, atol=1e-6)
        for file, key in ((f"{model}.json", "predictions"), (f"{model}.examples.json", "outputs")):
            reply = said(call("predict", workspace, "--instances", str(folder / file), "--model", model))
            assert_answers(json.loads(reply)[key], answers)


def assert_answers(found: Any, answers: Arrays) -> None:
    for name, answer in answers.items():
        mine = found
        if len(answers) > 1:
            mine = [row[name] for row in found] if isinstance(found, list) else found[name]
        np.testing.assert_allclose(mine, answer[:2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_the_warm_up_is_what_the_model_takes(lived_in: LivedIn, model: str) -> None:
    root = lived_in.small.workspace / "serving"
    stable = read_state(root).stable
    assert stable is not None
    folder = root / model / str(stable)
    loaded = tf.saved_model.load(str(folder))
    rows = []
    for record in tf.data.TFRecordDataset(str(folder / EXTRA / WARMUP_FILE)).as_numpy_iterator():
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        assert request.model_spec.name == model
        inputs = {name: tf.constant(tf.make_ndarray(tensor)) for name, tensor in request.inputs.items()}
        outputs = loaded.signatures[request.model_spec.signature_name](**inputs)
        rows.append((request.model_spec.signature_name, len(next(iter(outputs.values())))))
    requests, _ = read_acceptance(str(folder))
    assert rows == [(s, n) for n in (1, len(requests)) for s in ("serving_default", "raw_tensors")]


def test_one_item_has_the_figures_of_the_plan(lived_in: LivedIn) -> None:
    workspace = lived_in.small.workspace
    lines = pd.read_csv(workspace / "plans" / str(lived_in.last) / "order_lines.csv")
    forecasts = pd.read_parquet(workspace / "plans" / str(lived_in.last) / "forecasts.parquet")
    line = lines[lines.model_version.notna()].iloc[3]
    base = ["--data", str(lived_in.small.data), "--config", str(lived_in.small.config)]
    printed = said(call("predict", workspace, *base, "--store", line.store_id, "--product", line.product_id))
    for name in (
        "expected_demand", "safety_stock", "on_hand", "on_order", "rounding_adjustment", "replenishment_quantity",
    ):  # fmt: skip
        (row,) = [text for text in printed.splitlines() if name.replace("_", " ") in text]
        assert float(row.split()[-1].replace(",", "")) == pytest.approx(line[name], abs=6e-4), name
    for name, said_so in (
        ("lead_time_stockout_probability", r"stockout probability: ([\d.]+)% before"),
        ("stockout_probability", r"before the order arrives, ([\d.]+)% from"),
        ("expected_lost_sales", r"expected in that time: ([\d.,]+) units lost"),
        ("expected_leftover", r"units lost, ([\d.,]+) left"),
        ("expected_cost", r"lost sales in that time: ([\d.,]*\d)"),
        ("cost_one_pack_more", r"([\d.,]*\d) with one pack more"),
        ("cost_one_pack_less", r"([\d.,]*\d) with one pack less"),
    ):
        found = re.search(said_so, printed)
        assert (found is None) == np.isnan(line[name]), name
        if found is not None:
            scale, slack = (
                (100, 0.06) if name.endswith("probability") else (1, 6e-4 if "cost" in name else 0.06)
            )
            assert float(found[1].replace(",", "")) == pytest.approx(scale * line[name], abs=slack), name
    mine = forecasts[(forecasts.store_id == line.store_id) & (forecasts.product_id == line.product_id)]
    for _, row in mine.iterrows():
        (text,) = [text for text in printed.splitlines() if text.startswith(str(row.date))]
        base_, *parts, mean, _, _ = (float(word) for word in text.split()[1:])
        assert mean == pytest.approx(row["mean"], abs=0.06)
        assert base_ + sum(parts) == pytest.approx(mean, abs=0.31)


def test_all_items_go_into_a_file(lived_in: LivedIn, tmp_path: Path) -> None:
    workspace = lived_in.small.workspace
    base = ["--data", str(lived_in.small.data), "--config", str(lived_in.small.config)]
    expected = pd.read_parquet(workspace / "plans" / str(lived_in.last) / "forecasts.parquet")
    for name, read in (("f.csv", pd.read_csv), ("f.parquet", pd.read_parquet)):
        assert f"wrote {len(expected)} forecasts" in said(
            call("predict", workspace, *base, "--out", str(tmp_path / name))
        )
        found = read(tmp_path / name)
        assert list(found.columns[:5]) == ["as_of", "store_id", "product_id", "date", "mean"]
        joined = found.assign(date=found.date.astype(str)).merge(
            expected.assign(date=expected.date.astype(str)), on=["store_id", "product_id", "date"]
        )
        assert len(joined) == len(expected)
        np.testing.assert_allclose(joined.mean_x, joined.mean_y, rtol=1e-4)
        np.testing.assert_allclose(joined["quantile_0.9"], [row[5] for row in joined.quantiles], rtol=1e-4)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.csv", "f.parquet"]


def test_what_cannot_be_predicted_is_told(lived_in: LivedIn, tmp_path: Path) -> None:
    workspace = lived_in.small.workspace
    base = ["--data", str(lived_in.small.data), "--config", str(lived_in.small.config)]
    (tmp_path / "bad.json").write_text('{"instances": [{"b64": "!"}]}')
    (tmp_path / "longer.yaml").write_text(
        lived_in.small.config.read_text().replace("history: 28", "history: 35")
    )
    other = [*base[:3], str(tmp_path / "longer.yaml")]
    for extra, message in (
        ([*base, "--store", "S01", "--product", "nothing"], "no sales of product nothing in store S01"),
        ([*base, "--store", "S01"], "give --data with --store and --product"),
        ([], "give --data"),
        ([*base, "--out", str(tmp_path / "f.txt")], "ends with .csv or .parquet"),
        ([*base, "--out", str(tmp_path / "no" / "f.csv")], "is no folder"),
        (["--instances", str(tmp_path / "bad.json")], "row 0: its 'b64' is no base64"),
        ([*base, "--store", "S01", "--product", "P0001", "--version", "17"], "version 17 is not kept"),
        ([*other, "--store", "S01", "--product", "P0001"], "was trained otherwise"),
    ):  # fmt: skip
        done = call("predict", workspace, *extra)
        assert done.returncode == 2 and message in done.stderr, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
