"""Training, the export and its two signatures, from files."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from tests.transforms import made_up
from trainers.dataset import matching_files, train_and_refit_files
from trainers.demand_forecasting import predict as demand_predict
from trainers.demand_forecasting import train as demand
from trainers.options import DemandOptions, ReplenishmentOptions
from trainers.replenishment_optimization import predict as replenishment_predict
from trainers.replenishment_optimization import train as replenishment
from trainers.task import Task
from trainers.transform_graph import TransformGraph

SPACE = made_up.SPACE


def _train(
    module: ModuleType,
    files: Path,
    transform: tft.TFTransformOutput,
    options: DemandOptions | ReplenishmentOptions,
    out: Path,
) -> None:
    task = Task(
        matching_files(str(files / "Split-train" / "*")),
        matching_files(str(files / "Split-eval" / "*")),
        transform,
        SPACE,
        str(out),
    )
    module.train(task, options)


@pytest.fixture(scope="module")
def demand_model(
    tmp_path_factory: pytest.TempPathFactory,
    files: Path,
    transform: tft.TFTransformOutput,
    small_demand: DemandOptions,
) -> str:
    out = tmp_path_factory.mktemp("demand") / "model"
    _train(demand, files, transform, small_demand, out)
    return str(out)


@pytest.fixture(scope="module")
def replenishment_model(
    tmp_path_factory: pytest.TempPathFactory,
    files: Path,
    transform: tft.TFTransformOutput,
    small_replenishment: ReplenishmentOptions,
) -> str:
    out = tmp_path_factory.mktemp("replenishment") / "model"
    _train(replenishment, files, transform, small_replenishment, out)
    return str(out)


def _serve(directory: str, windows: made_up.Windows) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
    model = tf.saved_model.load(directory)
    named = {f.name: tf.constant(windows[f.name]) for f in SPACE.model_inputs()}
    return (
        model.signatures["serving_default"](examples=tf.constant(made_up.serialized(windows))),
        model.signatures["raw_tensors"](**named),
    )


def _without_labels(windows: made_up.Windows) -> made_up.Windows:
    return {f.name: windows[f.name] for f in SPACE.model_inputs()}


@pytest.mark.parametrize("which", ["demand_model", "replenishment_model"])
def test_both_signatures_agree_to_the_last_bit_and_need_no_labels(
    request: pytest.FixtureRequest, which: str, raw: made_up.Windows
) -> None:
    serialized, tensors = _serve(request.getfixturevalue(which), _without_labels(raw))
    assert set(serialized) == set(tensors)
    for name in serialized:
        np.testing.assert_array_equal(serialized[name], tensors[name])


def test_serving_transforms_as_training_does_to_the_last_bit(
    transform: tft.TFTransformOutput, raw: made_up.Windows, transformed: made_up.Windows
) -> None:
    """The graph inside the export, fed as serving feeds it, against what Transform materialises."""
    layer = transform.transform_features_layer()(made_up.tensors(raw))
    served = TransformGraph(transform)(made_up.tensors(_without_labels(raw)))
    for name in set(transformed) - {f.name for f in SPACE.labels()}:
        np.testing.assert_array_equal(served[name], layer[name], err_msg=name)


def test_quantiles_never_cross_and_are_never_negative(demand_model: str, raw: made_up.Windows) -> None:
    outputs, _ = _serve(demand_model, raw)
    quantiles = outputs["quantiles"].numpy()
    assert quantiles.shape == (len(raw["origin"]), SPACE.horizon, 7)
    assert (quantiles >= 0).all() and (np.diff(quantiles, axis=2) >= 0).all()
    np.testing.assert_array_equal(outputs["demand"], quantiles[:, :, 3])


def test_an_unseen_product_without_history_gets_a_sane_forecast(
    demand_model: str, replenishment_model: str, raw: made_up.Windows
) -> None:
    new = dict(raw)
    for name in ("store_id", "product_id", "category"):
        new[name] = np.full_like(raw[name], "never seen")
    for name in ("history_units", "history_present", "history_in_stock"):
        new[name] = np.zeros_like(raw[name])
    demand_out, _ = _serve(demand_model, new)
    level, _ = _serve(replenishment_model, new)
    usual = raw["history_units"].mean()
    assert np.isfinite(demand_out["quantiles"]).all()
    assert usual / 20 < np.median(demand_out["demand"]) < usual * 20
    assert np.isfinite(level["order_up_to_level"]).all() and (level["order_up_to_level"].numpy() >= 0).all()


@pytest.mark.parametrize(
    ("module", "which", "options"),
    [(demand, "demand_model", "small_demand"), (replenishment, "replenishment_model", "small_replenishment")],
)
def test_the_refit_split_is_learned_from(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    files: Path,
    transform: tft.TFTransformOutput,
    module: ModuleType,
    which: str,
    options: str,
) -> None:
    """Windows of ten times the demand raise what is forecast, beside a model that was shown those of eval."""
    higher = made_up.windows(40, seed=1)
    for name in ("label_units", "label_demand", "protection_demand"):
        higher[name] = higher[name] * 10
    folder = tmp_path / "Split-refit"
    made_up.write(higher, str(folder / "windows.gz"))
    train_files, refit_files = train_and_refit_files([str(files / "Split-train" / "*"), str(folder / "*")])
    assert len(train_files) == len(refit_files) == 1
    evaluation = matching_files(str(files / "Split-eval" / "*"))
    task = Task(train_files, evaluation, transform, SPACE, str(tmp_path / "model"), refit_files)
    module.train(task, request.getfixturevalue(options))
    output = "demand" if module is demand else "order_up_to_level"
    means = [
        _serve(model, made_up.windows(40, seed=1))[0][output].numpy().mean()
        for model in (request.getfixturevalue(which), str(tmp_path / "model"))
    ]
    assert means[1] > means[0]


def test_splits_are_told_by_their_own_folders_whatever_those_above_are_called(tmp_path: Path) -> None:
    above = tmp_path / "Split-refit" / "windows"
    for split in ("train", "refit"):
        (above / f"Split-{split}").mkdir(parents=True)
        (above / f"Split-{split}" / "windows.gz").touch()
    patterns = [str(above / f"Split-{split}" / "*") for split in ("train", "refit")]
    train_files, refit_files = train_and_refit_files(patterns)
    assert train_files == [str(above / "Split-train" / "windows.gz")]
    assert refit_files == [str(above / "Split-refit" / "windows.gz")]


def test_predictions_are_tables_by_series_and_date(
    demand_model: str, replenishment_model: str, files: Path, raw: made_up.Windows
) -> None:
    windows = [str(files / "Split-train" / "windows.gz")]
    table = demand_predict.predict(demand_model, windows, SPACE)
    assert len(table) == len(raw["origin"]) * SPACE.horizon
    first = table.iloc[0]
    assert first["store_id"] == raw["store_id"][0, 0]
    assert (pd.Timestamp(first["date"]) - pd.Timestamp("1970-01-01")).days == raw["origin"][0, 0] + 1
    assert first["demand"] == first["quantile_0.5"]
    orders = replenishment_predict.predict(replenishment_model, windows, SPACE)
    assert len(orders) == len(raw["origin"]) and (orders["order_up_to_level"] >= 0).all()


def test_training_from_the_command_line(
    tmp_path: Path, files: Path, small_replenishment: ReplenishmentOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    options = tmp_path / "options.json"
    options.write_text(small_replenishment.model_copy(update={"epochs": 1}).model_dump_json())
    replenishment.main(["--windows", str(files), "--out", str(tmp_path / "m"), "--options", str(options)])
    said = json.loads(capsys.readouterr().out)
    assert said["epochs"] == 1 and (tmp_path / "m" / "saved_model.pb").exists()
