"""The replenishment metrics as TFMA knows them."""

from __future__ import annotations

from typing import Any

import tensorflow_model_analysis as tfma

from trainers.replenishment_optimization.metrics import FEATURES, OUTPUTS, cost_sums, costs, metric_names
from trainers.tfma_sums import sums_computation


class ReplenishmentCost(tfma.metrics.Metric):
    """Cycle cost, fill rate, service level and skill against base stock, in one pass over the examples."""

    def __init__(self, name: str = "replenishment_cost", **kwargs: Any):
        """Args: name: of the group, each metric has its own."""
        super().__init__(_computations, name=name, **kwargs)


def _computations(model_names: list[str] | None = None, **_: Any) -> list[Any]:
    return [
        sums_computation(
            names=metric_names(),
            features=FEATURES,
            outputs=OUTPUTS,
            sums=cost_sums,
            finish=costs,
            model_name=model_name,
        )
        for model_name in model_names or [""]
    ]
