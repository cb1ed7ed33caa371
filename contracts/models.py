"""The two models that are trained, judged and served as one pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, get_args

from contracts.policies import BASE_STOCK

DEMAND: Final = "demand_forecasting"
REPLENISHMENT: Final = "replenishment_optimization"
"""Names: also of the packages of trainers, of folders wherever models are served, and of sections of settings."""
MODELS: tuple[str, str] = (DEMAND, REPLENISHMENT)
Model = Literal["demand_forecasting", "replenishment_optimization"]
"""One of MODELS, as a command line's types want it written."""
WATCH: Final = "demand_watch"
"""The third model, where it is switched on: judged by itself, and kept with the pair that it was trained beside."""
WATCH_MODEL, WATCH_EVALUATION, WATCH_BLESSING = "watch_model", "watch_evaluation", "watch_blessing"
"""Names of its channels between components."""

KEYS: Mapping[str, str] = {DEMAND: "demand", REPLENISHMENT: "replenishment"}
"""By model what the names of its channels begin with."""
BASELINES: Mapping[str, tuple[str, ...]] = {
    DEMAND: ("seasonal_naive", "recent_mean"),
    REPLENISHMENT: (BASE_STOCK,),
}
"""By model the plain methods that are measured beside it, named as prefixes of its metrics."""

Stage = Literal["stable", "canary", "earlier", "withdrawn"]
"""What a pushed pair is in the serving directory; withdrawn: it was rolled back, and stays so."""
STAGES: tuple[Stage, Stage, Stage, Stage] = get_args(Stage)

ModelChannel = Literal["model", "evaluation", "blessing", "infra_blessing", "pushed"]


def channel(model: str, what: ModelChannel) -> str:
    """Name of a model's own channel between components, such as ``demand_model``."""
    return f"{KEYS[model]}_{what}"
