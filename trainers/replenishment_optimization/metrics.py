"""Cost of order-up-to levels as sums over windows, so that Beam workers and NumPy get the same metrics.

Judged where the demand of the whole protection interval is known: what was sold, scaled up where stock lasted for a
part of a period. Fully stocked intervals alone would be those of low demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Floats
from contracts.policies import BASE_STOCK, MODEL
from inventory.metrics import ratio
from inventory.newsvendor import newsvendor_cost

POLICIES = (MODEL, BASE_STOCK)
_SUMS_OF_POLICY = 5


def cost_sums(windows: Mapping[str, NDArray[Any]], level: NDArray[Any]) -> Floats:
    """Sums over a batch of windows; sums of batches add up to the sums of all: shape [12].

    Args:
        windows: protection_demand, protection_observed, holding_cost, shortage_cost and base_stock_level, ``[N, 1]``.
        level: the model's order-up-to level, units, ``[N, 1]``.
    """
    demand = windows["protection_demand"].astype(np.float64)
    observed = windows["protection_observed"].astype(np.float64)
    holding, shortage = windows["holding_cost"], windows["shortage_cost"]
    sums = [observed.sum(), (demand * observed).sum()]
    for stock in (level.astype(np.float64), windows["base_stock_level"].astype(np.float64)):
        cost = newsvendor_cost(stock, demand, holding, shortage)
        sums += [
            (cost * observed).sum(),
            (np.maximum(stock - demand, 0) * holding * observed).sum(),
            (np.minimum(stock, demand) * observed).sum(),
            ((stock >= demand) * observed).sum(),
            (stock * observed).sum(),
        ]
    return np.array(sums)


NUMBER_OF_SUMS = 2 + _SUMS_OF_POLICY * len(POLICIES)


def costs(sums: Floats) -> dict[str, float]:
    """Metrics from the sums; NaN where no interval could be judged.

    newsvendor_cost is money per unit of demand; fill_rate the share of the demand that the level covers;
    service_level the share of intervals without a shortage; level_to_demand is units of level per unit of demand;
    skill_base_stock = 1 - cost / cost of base stock.
    """
    count, demand = sums[:2]
    metrics: dict[str, float] = {}
    for index, name in enumerate(POLICIES):
        begin = 2 + _SUMS_OF_POLICY * index
        cost, holding, served, covered, level = sums[begin : begin + _SUMS_OF_POLICY]
        prefix = "" if name == MODEL else name + "_"
        metrics[prefix + "newsvendor_cost"] = ratio(cost, demand)
        metrics[prefix + "holding_cost"] = ratio(holding, demand)
        metrics[prefix + "fill_rate"] = ratio(served, demand)
        metrics[prefix + "service_level"] = ratio(covered, count)
        metrics[prefix + "level_to_demand"] = ratio(level, demand)
    metrics["skill_base_stock"] = 1.0 - ratio(
        metrics["newsvendor_cost"], metrics["base_stock_newsvendor_cost"]
    )
    return metrics


def metric_names() -> list[str]:
    """Names of the metrics that ``costs`` returns."""
    return list(costs(np.ones(NUMBER_OF_SUMS)))
