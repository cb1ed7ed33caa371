"""Cost of orders as sums over windows, so that Beam workers and NumPy get the same metrics.

One order a window, from a shelf that lasts until it arrives if the recent mean sells, through the cycle that it serves
(``inventory.cycle``). Judged where the demand of the whole protection interval is known: what was sold, scaled up where
stock lasted for a part of a period. Fully stocked intervals alone would be those of low demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Floats
from contracts.policies import BASE_STOCK, MODEL
from inventory.cycle import one_order
from inventory.metrics import ratio

POLICIES = (MODEL, BASE_STOCK)
FEATURES = (
    "label_demand", "protection_observed", "recent_mean", "lead_time", "review_period", "holding_cost",
    "shortage_cost", "base_stock_level",
)  # fmt: skip
"""Of a window, that ``cost_sums`` reads."""
OUTPUTS = ("order_up_to_level", "largest_order")
"""Of the model, that ``cost_sums`` reads."""
_SUMS_OF_POLICY = 5


def cost_sums(windows: Mapping[str, NDArray[Any]], outputs: Mapping[str, NDArray[Any]]) -> Floats:
    """Sums over a batch of windows; sums of batches add up to the sums of all: shape [12].

    Args:
        windows: ``FEATURES``, ``[N, 1]`` or ``[N, H]``.
        outputs: ``OUTPUTS``, units, ``[N, 1]``.
    """
    # Both policies in one go, since Beam asks example by example: first the model's windows, then base stock's.
    judged = {name: np.concatenate([windows[name]] * len(POLICIES)) for name in FEATURES}
    level = np.concatenate([outputs["order_up_to_level"][:, 0], windows["base_stock_level"][:, 0]])
    cap = np.concatenate([outputs["largest_order"][:, 0], np.full(len(windows["base_stock_level"]), np.inf)])
    order, cycle = one_order(
        judged["label_demand"].astype(np.float64),
        judged["recent_mean"].astype(np.float64),
        level.astype(np.float64),
        cap,
        judged["lead_time"],
        judged["review_period"],
    )
    holding, shortage = (judged[name][:, 0].astype(np.float64) for name in ("holding_cost", "shortage_cost"))
    of_window = np.stack(
        [
            cycle.cost(holding, shortage),
            holding * cycle.left,
            cycle.demanded - cycle.lost,
            cycle.lost <= 0,
            order,
            np.ones(len(order)),
            cycle.demanded,
        ],
        axis=1,
    )
    observed = judged["protection_observed"].reshape(len(POLICIES), 1, -1).astype(np.float64)
    sums = (observed @ of_window.reshape(len(POLICIES), -1, of_window.shape[1]))[:, 0]
    return np.concatenate([sums[0, _SUMS_OF_POLICY:], sums[:, :_SUMS_OF_POLICY].reshape(-1)])


NUMBER_OF_SUMS = 2 + _SUMS_OF_POLICY * len(POLICIES)


def costs(sums: Floats) -> dict[str, float]:
    """Metrics from the sums; NaN where no cycle could be judged.

    cycle_cost is money per unit of demand, of which holding_cost is for what is left; fill_rate the share of the demand
    that is served; service_level the share of cycles without a shortage; order_to_demand is units ordered per unit of
    demand; skill_base_stock = 1 - cost / cost of base stock.
    """
    count, demand = sums[:2]
    metrics: dict[str, float] = {}
    for index, name in enumerate(POLICIES):
        begin = 2 + _SUMS_OF_POLICY * index
        cost, holding, served, covered, ordered = sums[begin : begin + _SUMS_OF_POLICY]
        prefix = "" if name == MODEL else name + "_"
        metrics[prefix + "cycle_cost"] = ratio(cost, demand)
        metrics[prefix + "holding_cost"] = ratio(holding, demand)
        metrics[prefix + "fill_rate"] = ratio(served, demand)
        metrics[prefix + "service_level"] = ratio(covered, count)
        metrics[prefix + "order_to_demand"] = ratio(ordered, demand)
    metrics["skill_base_stock"] = 1.0 - ratio(metrics["cycle_cost"], metrics["base_stock_cycle_cost"])
    return metrics


def metric_names() -> list[str]:
    """Names of the metrics that ``costs`` returns."""
    return list(costs(np.ones(NUMBER_OF_SUMS)))
