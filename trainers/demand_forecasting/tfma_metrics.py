"""The demand metrics as TFMA knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import tensorflow_model_analysis as tfma
from numpy.typing import NDArray

from contracts.arrays import Floats
from trainers.demand_forecasting.metrics import BASELINES, accuracy, accuracy_sums, metric_names
from trainers.tfma_sums import sums_computation

_FEATURES = ("label_units", "label_observed", "label_known", *BASELINES)


class DemandAccuracy(tfma.metrics.Metric):
    """WAPE, MAE, RMSE, bias, pinball loss, coverage of each quantile and skill, in one pass over the examples."""

    def __init__(self, levels: list[float], name: str = "demand_accuracy", **kwargs: Any):
        """Args: levels: the model's quantile levels; name: of the group, each metric has its own."""
        super().__init__(_computations, name=name, levels=levels, **kwargs)


def _computations(levels: list[float], model_names: list[str] | None = None, **_: Any) -> list[Any]:
    return [
        sums_computation(
            names=metric_names(levels),
            features=_FEATURES,
            outputs=("quantiles",),
            sums=partial(_sums, levels=levels),
            finish=partial(accuracy, levels=levels),
            model_name=model_name,
        )
        for model_name in model_names or [""]
    ]


def _sums(
    windows: Mapping[str, NDArray[Any]], outputs: Mapping[str, NDArray[Any]], levels: Sequence[float]
) -> Floats:
    return accuracy_sums(windows, outputs["quantiles"], levels)
