"""TFMA metrics whose value is a function of sums over examples.

One combiner adds up a vector for each slice, and all metrics of a model come out of it, so that a slice costs one
pass however many metrics there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
from numpy.typing import NDArray
from tensorflow_model_analysis.metrics import metric_types

from contracts.arrays import Floats

Sums = Callable[[Mapping[str, NDArray[Any]], Mapping[str, NDArray[Any]]], Floats]
Finish = Callable[[Floats], dict[str, float]]


def sums_computation(
    *,
    names: Sequence[str],
    features: Sequence[str],
    outputs: Sequence[str],
    sums: Sums,
    finish: Finish,
    model_name: str,
) -> metric_types.MetricComputation:
    """A computation of the metrics ``names`` for one model.

    Args:
        names: metrics that ``finish`` returns.
        features: features of an example that ``sums`` reads, each ``[1, size]``.
        outputs: names of the model's outputs that ``sums`` reads.
        sums: (features, outputs) of one example to a vector.
        finish: the added vectors to the metrics.
        model_name: TFMA's name of the model, empty where there is one alone.
    """
    keys = [
        # Thresholds that a MetricsSpec names by metric are looked up under a key without a weighting.
        metric_types.MetricKey(name=name, model_name=model_name, example_weighted=None)
        for name in names
    ]
    combiner = _AddUp(keys, list(features), list(outputs), sums, finish, model_name)
    return metric_types.MetricComputation(
        keys=keys,
        preprocessors=[metric_types.FeaturePreprocessor(feature_keys=list(features))],
        combiner=combiner,
    )


class _AddUp(beam.CombineFn):
    def __init__(
        self,
        keys: list[metric_types.MetricKey],
        features: list[str],
        outputs: list[str],
        sums: Sums,
        finish: Finish,
        model_name: str,
    ) -> None:
        self._keys = keys
        self._features = features
        self._outputs = outputs
        self._sums = sums
        self._finish = finish
        self._model_name = model_name

    def create_accumulator(self) -> Any:
        return 0.0

    def add_input(self, accumulator: Any, element: metric_types.StandardMetricInputs) -> Any:
        features = {name: np.asarray(element.features[name]).reshape(1, -1) for name in self._features}
        predictions = element.get_predictions(self._model_name or None)
        outputs = {name: np.asarray(predictions[name])[np.newaxis, ...] for name in self._outputs}
        return accumulator + self._sums(features, outputs)

    def merge_accumulators(self, accumulators: Iterable[Any]) -> Any:
        return sum(accumulators)

    def extract_output(self, accumulator: Any) -> dict[metric_types.MetricKey, float]:
        metrics = self._finish(np.asarray(accumulator))
        return {key: metrics[key.name] for key in self._keys}
