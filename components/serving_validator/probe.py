"""Loads SavedModels and asks them, as a server would: run as a program, in a process of its own.

It is told folders, and knows nothing of the trainers: what it finds wrong, a server would have found.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.arrays import Arrays, Floats
from serving.acceptance import read_acceptance
from serving.examples import EXAMPLES, RAW_TENSORS, SERIALIZED, tensors_of
from transforms.features import FeatureSpace

BATCHES = (1, 512)
_REPEATS = 5
_FEW = 0.1
_FEW_MAY = 500.0
"""So small a share of the requests may differ so many times as much: where a number lies on a tree's threshold, its
last digit decides between two leaves.
"""


def probe(folder: str, space: FeatureSpace) -> dict[str, float]:
    """What a loaded model answers, beside what its trainer answered.

    Args:
        folder: the SavedModel.
        space: its features.

    Returns:
        By signature and batch size (``serving_default.512``) the difference of requests from their trainer's answers,
        as a fraction of an answer's greatest value, under ``.difference``: of all but a tenth of the requests the
        greatest, and of these a five hundredth, if that is more; and the least time of some calls,
        milliseconds, under ``.latency``. A batch of one is asked with each of the requests in turn.
    """
    requests, answers = read_acceptance(folder)
    loaded = tf.saved_model.load(folder)
    found = {}
    for signature in (SERIALIZED, RAW_TENSORS):
        ask = loaded.signatures[signature]
        for batch in BATCHES:
            rows = [[i] for i in range(len(requests))] if batch == 1 else [_repeated(len(requests), batch)]
            seconds: list[float] = []
            differences = [
                _differences(
                    _timed(ask, _inputs(signature, [requests[i] for i in chosen], space), seconds),
                    answers,
                    chosen,
                )
                for chosen in rows
            ]
            inputs = _inputs(signature, [requests[i] for i in rows[0]], space)
            seconds.clear()
            for _ in range(_REPEATS):
                _timed(ask, inputs, seconds)
            found[f"{signature}.{batch}.difference"] = _of_all(np.concatenate(differences))
            found[f"{signature}.{batch}.latency"] = 1000 * min(seconds)
    return found


def _repeated(count: int, batch: int) -> list[int]:
    return [i % count for i in range(batch)]


def _inputs(signature: str, examples: list[bytes], space: FeatureSpace) -> Mapping[str, tf.Tensor]:
    if signature == SERIALIZED:
        return {EXAMPLES: tf.constant(examples)}
    return tensors_of(examples, space.model_inputs())


def _timed(
    ask: Callable[..., Mapping[str, tf.Tensor]], inputs: Mapping[str, tf.Tensor], seconds: list[float]
) -> Arrays:
    begun, used = time.perf_counter(), time.process_time()
    outputs = {name: tensor.numpy() for name, tensor in ask(**inputs).items()}
    # What a call waits while others have the processor is no fault of the model.
    seconds.append(min(time.perf_counter() - begun, time.process_time() - used))
    return outputs


def _of_all(differences: Floats) -> float:
    most = np.quantile(differences, 1 - _FEW, method="higher")
    return float(max(most, differences.max() / _FEW_MAY))


def _differences(
    outputs: Mapping[str, NDArray[Any]], answers: Mapping[str, NDArray[Any]], rows: list[int]
) -> Floats:
    """The greatest difference of each row's outputs from its answers; infinite where one is no number or missing."""
    lost: Floats = np.full(len(rows), np.inf)
    if set(outputs) != set(answers):
        return lost
    worst: Floats = np.zeros(len(rows))
    for name, answer in answers.items():
        expected, given = (x.reshape(len(rows), -1).astype(np.float64) for x in (answer[rows], outputs[name]))
        if expected.shape != given.shape or not np.isfinite(given).all():
            return lost
        scale = np.maximum(np.abs(expected).max(axis=1), 1e-3)
        worst = np.maximum(worst, np.abs(given - expected).max(axis=1) / scale)
    return worst


def main(arguments: list[str]) -> None:
    """Reads ``{model: {folder, feature_space}}`` from the first argument, prints findings or an error by model."""
    found: dict[str, Any] = {}
    for model, asked in json.loads(arguments[0]).items():
        try:
            found[model] = probe(asked["folder"], FeatureSpace.from_json(asked["feature_space"]))
        except Exception as error:
            # Whatever keeps a model from answering is the finding; the other model is tried all the same.
            found[model] = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
