"""TensorFlow Serving's configuration, and requests to try it with, made from the model's own signature."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from numpy.typing import NDArray
from tensorflow_serving.apis import predict_pb2

from contracts.durable import replace_file
from contracts.models import MODELS
from pipeline.inputs.pair import pushed_version
from pipeline.workspace import Workspace
from serving.acceptance import read_acceptance
from serving.directory.layout import model_folder
from serving.directory.pushing import read_card
from serving.directory.switching import set_base_path
from serving.examples import EXAMPLES, RAW_TENSORS, SERIALIZED, tensors_of
from serving.tensorflow_serving import batching_parameters, monitoring_config
from transforms.features import FeatureSpace

FOLDER = "tensorflow-serving"
BATCHING_FILE, MONITORING_FILE = "batching.config", "monitoring.config"
_ROWS = 2
_MAX_BATCH, _TIMEOUT_MICROS = 512, 1000


def write_serve_config(workspace: Workspace, base_path: str | None, by: str) -> tuple[Path, str]:
    """Writes the configuration's files and, for each model, one request in each form.

    Args:
        workspace: with a pushed pair.
        base_path: the serving directory as the server sees it; None: its path here.
        by: who asks, for the history.

    Returns:
        The folder, and the serving directory as the server sees it.

    Raises:
        ServingError: there is no pushed pair.
    """
    root = workspace.serving
    version = pushed_version(workspace)
    seen_as = base_path or str(root)
    set_base_path(root, seen_as, by)
    folder = workspace.root / FOLDER
    folder.mkdir(exist_ok=True)
    batching = batching_parameters(_MAX_BATCH, _TIMEOUT_MICROS, os.cpu_count() or 1)
    replace_file(folder / BATCHING_FILE, batching)
    replace_file(folder / MONITORING_FILE, monitoring_config())
    for model in MODELS:
        for name, content in requests_of(model_folder(root, version, model), model).items():
            replace_file(folder / name, content)
    return folder, seen_as


def requests_of(folder: Path, model: str) -> dict[str, str]:
    """Files with a request of two windows, by name: REST with features by name and with serialized examples, and gRPC.

    Args:
        folder: the SavedModel.
        model: its name.
    """
    windows, _ = read_acceptance(str(folder))
    space = FeatureSpace.from_json(json.dumps(read_card(folder)["feature_space"]))
    rows = windows[:_ROWS]
    tensors = tensors_of(rows, space.model_inputs())
    message = predict_pb2.PredictRequest()
    message.model_spec.name, message.model_spec.signature_name = model, RAW_TENSORS
    message.model_spec.version_label = "stable"
    for name, values in tensors.items():
        message.inputs[name].CopyFrom(tf.make_tensor_proto(values.numpy()))
    encoded = [{"b64": base64.b64encode(row).decode()} for row in rows]
    serialized = {"signature_name": SERIALIZED, "inputs": {EXAMPLES: encoded}}
    return {
        f"{model}.json": f'{{"signature_name": "{RAW_TENSORS}", "instances": {_lines(instances_of(rows, space))}}}\n',
        f"{model}.examples.json": json.dumps(serialized, indent=1) + "\n",
        f"{model}.grpc.txtpb": text_format.MessageToString(message),
    }


def instances_of(windows: Sequence[bytes], space: FeatureSpace) -> list[dict[str, list[Any]]]:
    """Serialized windows as JSON has them: features by name, a list of values each."""
    tensors = {name: tensor.numpy() for name, tensor in tensors_of(windows, space.model_inputs()).items()}
    return [{name: _plain(values[i]) for name, values in tensors.items()} for i in range(len(windows))]


def _plain(values: NDArray[Any]) -> list[Any]:
    """What JSON can say, no digit more than a float32 has; NaN as the bare word that TensorFlow Serving reads."""
    if values.dtype == object:
        return [value.decode() for value in values]
    return [float(str(value)) if values.dtype == np.float32 else int(value) for value in values]


def _lines(instances: list[dict[str, list[Any]]]) -> str:
    """Instances as JSON with a line for each feature, which people can read and change."""
    rows = (",\n  ".join(f"{json.dumps(name)}: {json.dumps(row[name])}" for name in row) for row in instances)
    return "[\n" + ",\n".join(f" {{\n  {row}\n }}" for row in rows) + "\n]"
