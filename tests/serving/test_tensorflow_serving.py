"""TensorFlow Serving's configuration, read with its own messages."""

from __future__ import annotations

from pathlib import Path

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from contracts.models import MODELS
from serving.directory.layout import State
from serving.directory.pushing import push
from serving.directory.switching import promote, roll_back, set_base_path
from serving.tensorflow_serving import METRICS_PATH, batching_parameters, models_config, monitoring_config
from tests.serving.messages import BatchingParameters, MonitoringConfig
from tests.serving.pairs import make_pair


def _read(text: str) -> dict[str, tuple[str, list[int], dict[str, int]]]:
    message = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    found = {}
    for config in message.model_config_list.config:
        assert config.model_platform == "tensorflow"
        versions = list(config.model_version_policy.specific.versions)
        found[config.name] = (config.base_path, versions, dict(config.version_labels))
    return found


def test_both_models_with_their_labels() -> None:
    found = _read(models_config(State(3, 11, 12, (10, 11, 12), last_version=12, base_path="/models")))
    labels = {"stable": 11, "canary": 12}
    assert found == {model: (f"/models/{model}", [11, 12], labels) for model in MODELS}


def test_an_odd_path_is_quoted() -> None:
    path = 'C:\\new "models"/ü'
    assert (
        _read(models_config(State(1, 1, None, (1,), base_path=path)))[MODELS[0]][0] == f"{path}/{MODELS[0]}"
    )


def test_it_follows_every_change(tmp_path: Path) -> None:
    root, seen = tmp_path / "serving", []

    def look() -> None:
        seen.append(_read((root / "models.config").read_text())[MODELS[0]][2])

    first = push(root, make_pair(tmp_path, "a"), {}, keep=3, clock=lambda: 1.0).version
    assert not (root / "models.config").exists()
    set_base_path(root, "/models", "me")
    look()
    second = push(root, make_pair(tmp_path, "b"), {}, keep=3, canary=True).version
    look()
    promote(root, "me")
    look()
    roll_back(root, None, "me")
    look()
    assert seen == [
        {"stable": first},
        {"stable": first, "canary": second},
        {"stable": second},
        {"stable": first},
    ]


def test_batching_and_monitoring() -> None:
    batching = text_format.Parse(batching_parameters(512, 1000, 2), BatchingParameters())
    assert batching.max_batch_size.value == 512 and batching.batch_timeout_micros.value == 1000
    assert batching.num_batch_threads.value == 2 and batching.max_enqueued_batches.value == 200
    monitoring = text_format.Parse(monitoring_config(), MonitoringConfig())
    assert monitoring.prometheus_config.enable and monitoring.prometheus_config.path == METRICS_PATH
