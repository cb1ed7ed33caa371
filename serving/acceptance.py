"""Windows and the trainer's answers to them, kept in the model for whoever wants to know that it loads and answers.

The trainer answers from the network in its memory; a server has nothing but the files. Equal answers mean that
nothing was lost on the way: no weight, no vocabulary, no default of a missing feature.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.arrays import Arrays
from serving.directory.layout import EXTRA
from serving.examples import EXAMPLES, RAW_TENSORS, SERIALIZED, tensors_of, with_only
from transforms.features import FeatureSpace

REQUESTS_FILE, ANSWERS_FILE, WARMUP_FILE = (
    "acceptance_requests",
    "acceptance_answers.npz",
    "tf_serving_warmup_requests",
)
UNSEEN = b"never seen"


def acceptance_windows(windows: Sequence[bytes], space: FeatureSpace) -> list[bytes]:
    """The windows as a server gets them, then the first of them for a product of a store never seen, and without
    all that may be left out.
    """
    features = space.model_inputs()
    names = [feature.name for feature in features]
    served = [with_only(window, names) for window in windows]
    unseen = with_only(windows[0], names, store_id=UNSEEN, product_id=UNSEEN, category=UNSEEN)
    required = [feature.name for feature in features if feature.default is None]
    return [*served, unseen, with_only(windows[0], required)]


def write_acceptance(model: str, requests: Sequence[bytes], answers: Mapping[str, NDArray[Any]]) -> None:
    """Writes windows and answers [N, ...] by output into a SavedModel."""
    with tf.io.TFRecordWriter(os.path.join(model, EXTRA, REQUESTS_FILE)) as writer:
        for request in requests:
            writer.write(request)
    content = io.BytesIO()
    np.savez(content, **dict(answers))
    with tf.io.gfile.GFile(os.path.join(model, EXTRA, ANSWERS_FILE), "wb") as file:
        file.write(content.getvalue())


def read_acceptance(model: str) -> tuple[list[bytes], Arrays]:
    """The windows [N] and the trainer's answers [N, ...] by output."""
    requests = list(tf.data.TFRecordDataset(os.path.join(model, EXTRA, REQUESTS_FILE)).as_numpy_iterator())
    with tf.io.gfile.GFile(os.path.join(model, EXTRA, ANSWERS_FILE), "rb") as file:
        content = io.BytesIO(file.read())
    with np.load(content) as answers:
        return requests, dict(answers)


def write_warmup(model: str, name: str, requests: Sequence[bytes], space: FeatureSpace) -> None:
    """Writes what TensorFlow Serving asks a version before it lets callers ask: both signatures, one row and all.

    Args:
        model: folder of the SavedModel.
        name: of the model.
        requests: serialized windows.
        space: the features of the signature on tensors.
    """
    # Only here: the messages are wanted by a trainer, and by nobody who only reads a model.
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    with tf.io.TFRecordWriter(os.path.join(model, EXTRA, WARMUP_FILE)) as writer:
        for rows in (list(requests[:1]), list(requests)):
            tensors = tensors_of(rows, space.model_inputs())
            for signature, inputs in ((SERIALIZED, {EXAMPLES: tf.constant(rows)}), (RAW_TENSORS, tensors)):
                request = predict_pb2.PredictRequest()
                request.model_spec.name, request.model_spec.signature_name = name, signature
                for key, tensor in inputs.items():
                    request.inputs[key].CopyFrom(tf.make_tensor_proto(tensor))
                log = prediction_log_pb2.PredictionLog()
                log.predict_log.request.CopyFrom(request)
                writer.write(log.SerializeToString(deterministic=True))
