"""TensorFlow Serving's configuration, in its own text format; tests read it with its own messages."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from contracts.models import MODELS
from serving.directory.layout import State

METRICS_PATH = "/monitoring/prometheus/metrics"


def models_config(state: State) -> str:
    """A ``ModelServerConfig``: both models, the stable version and the canary, each with its label."""
    labels = {
        name: version
        for name, version in (("stable", state.stable), ("canary", state.canary))
        if version is not None
    }
    return "model_config_list {\n" + "".join(_model(state, model, labels) for model in MODELS) + "}\n"


def _model(state: State, model: str, labels: dict[str, int]) -> str:
    versions = "".join(f" versions: {version}" for version in sorted(labels.values()))
    lines = [
        f"    name: {_quoted(model)}",
        f"    base_path: {_quoted(str(PurePosixPath(state.base_path or '/') / model))}",
        '    model_platform: "tensorflow"',
        *([f"    model_version_policy {{ specific {{{versions} }} }}"] if labels else []),
        *(
            f"    version_labels {{ key: {_quoted(name)} value: {version} }}"
            for name, version in labels.items()
        ),
    ]
    return "  config {\n" + "\n".join(lines) + "\n  }\n"


def _quoted(text: str) -> str:
    # The text format takes UTF-8 as it is, and reads JSON's \u escapes as something else.
    return json.dumps(text, ensure_ascii=False)


def batching_parameters(max_batch_size: int, timeout_micros: int, threads: int) -> str:
    """``BatchingParameters``: requests that wait together are answered together.

    Args:
        max_batch_size: rows.
        timeout_micros: how long the first of a batch waits for others.
        threads: batches computed side by side.
    """
    return (
        f"max_batch_size {{ value: {max_batch_size} }}\n"
        f"batch_timeout_micros {{ value: {timeout_micros} }}\n"
        f"num_batch_threads {{ value: {threads} }}\n"
        f"max_enqueued_batches {{ value: {100 * threads} }}\n"
    )


def monitoring_config() -> str:
    """``MonitoringConfig``: metrics as Prometheus reads them."""
    return f"prometheus_config {{ enable: true path: {_quoted(METRICS_PATH)} }}\n"
