"""Names of the ordering policies that are compared with each other."""

from __future__ import annotations

from typing import Final, Literal, get_args

Planned = Literal["forecast_plan", "model", "base_stock"]
"""Those by which a pair may plan; the first gives way only to one that is proven cheaper."""

PLANNING: tuple[Planned, ...] = get_args(Planned)
MODEL: Final = "model"
INCUMBENT = "incumbent"
"""The pair that serves now, by whose models the same policy orders; also the channel of its replenishment model."""
INCUMBENT_DEMAND = "incumbent_demand"
"""The channel of its demand model."""
FORECAST_PLAN: Final = "forecast_plan"
"""Orders that follow from the demand model's forecast."""
BASE_STOCK: Final = "base_stock"
CLAIRVOYANT = "clairvoyant"
"""What nobody can do better than: the lower bound of the cost."""


def spoken(policy: str) -> str:
    """A policy's name in a sentence."""
    named = {MODEL: "the replenishment model", FORECAST_PLAN: "the forecast plan"}
    return named.get(policy, policy.replace("_", " "))


MEANINGS = {
    MODEL: "up to the level of the replenishment model, and no more at once than its largest order",
    INCUMBENT: "by the same policy as this pair, with the models that serve now",
    FORECAST_PLAN: "what costs least in expectation for the periods that the order serves, along the demand forecast's "
    "paths; what runs out before it arrives is lost",
    BASE_STOCK: "the classical policy: up to average demand and a normal safety stock; a lone peak without a promotion "
    "counts for 8 times the mean of the other days with sales, as it does for the models",
    CLAIRVOYANT: "no policy but the least cost that anyone could have reached who knew all demand beforehand",
}
"""What each orders, for managers."""
