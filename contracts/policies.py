"""Names of the ordering policies that are compared with each other."""

from __future__ import annotations

MODEL = "model"
INCUMBENT = "incumbent"
"""The replenishment model that serves now."""
QUANTILE_PLAN = "quantile_plan"
"""Orders that follow from the demand model's quantiles."""
BASE_STOCK = "base_stock"
CLAIRVOYANT = "clairvoyant"
"""What nobody can do better than: the lower bound of the cost."""

MEANINGS = {
    MODEL: "up to the level of the replenishment model",
    INCUMBENT: "up to the level of the replenishment model that serves now",
    QUANTILE_PLAN: "up to the level worked out from the demand forecast's quantiles",
    BASE_STOCK: "the classical policy: up to average demand and a normal safety stock; a lone peak without a promotion "
    "counts for 8 times the mean of the other days with sales, as it does for the models",
    CLAIRVOYANT: "no policy but the least cost that anyone could have reached who knew all demand beforehand",
}
"""What each orders, for managers."""
