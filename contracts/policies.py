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
