"""The metrics of the demand watch as TFMA knows them."""

from __future__ import annotations

from typing import Any

import tensorflow_model_analysis as tfma

from trainers.demand_watch.metrics import NAMES, watch_metrics, watch_sums
from trainers.demand_watch.outputs import OUTPUTS
from trainers.tfma_sums import sums_computation

_FEATURES = ("label_units", "label_observed", "label_known")


class WatchAlarms(tfma.metrics.Metric):
    """False alarms, power and likelihood, in one pass over the examples."""

    def __init__(self, name: str = "watch_alarms", **kwargs: Any):
        """Args: name: of the group, each metric has its own."""
        super().__init__(_computations, name=name, **kwargs)


def _computations(model_names: list[str] | None = None, **_: Any) -> list[Any]:
    return [
        sums_computation(
            names=list(NAMES),
            features=_FEATURES,
            outputs=OUTPUTS,
            sums=watch_sums,
            finish=watch_metrics,
            model_name=model_name,
        )
        for model_name in model_names or [""]
    ]
