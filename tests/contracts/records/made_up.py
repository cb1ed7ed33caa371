"""Records without any run; each takes what is to be otherwise."""

from __future__ import annotations

from typing import Any

from contracts.models import MODELS
from contracts.records.checks import FeatureCheck, ModelCheck
from contracts.records.summary import Component, ModelSummary, Summary

_NUMBERS: dict[str, Any] = {"value": 0.5, "threshold": 0.1, "margin": -0.4}


def feature_check(feature: str, verdict: str = "stop", **changes: Any) -> FeatureCheck:
    usual = {"check": "drift", "reason": "moved", "rows": ()}
    return FeatureCheck(**{**_NUMBERS, **usual, "feature": feature, "verdict": verdict, **changes})


def model_check(model: str, verdict: str = "stop", **changes: Any) -> ModelCheck:
    usual = {"check": "skill", "slice": "all", "reason": "must be at least 0"}
    return ModelCheck(**{**_NUMBERS, **usual, "model": model, "verdict": verdict, **changes})


def component(node: str, state: str = "ran", **changes: Any) -> Component:
    usual = {"seconds": 1.0, "cached": state == "cached", "peak_mib": 1, "reason": ""}
    return Component(**{**usual, "node": node, "state": state, **changes})


def model(blessed: bool, **changes: Any) -> ModelSummary:
    empty: dict[str, Any] = {"metrics": {}, "baselines": {}, "checks": (), "slices": {}, "reasons": ()}
    return ModelSummary(**{**empty, "pushed_version": None, "stage": None, "blessed": blessed, **changes})


def summary(**changes: Any) -> Summary:
    """Of a pushed run; what ``data`` names changes these alone."""
    data = {
        "rows": 1200,
        "series": 4,
        "first_date": "2024-01-01",
        "last_date": "2024-10-26",
        "rejected_rows": 0,
        "span": 1,
        "fallbacks": (),
        "notes": (),
        "warnings": (),
        "checks": (),
        "problems": (),
        "windows": {"train": 10},
    }
    base = {
        "version": 1,
        "run_id": "r1",
        "status": "pushed",
        "components": (),
        "models": {name: model(True) for name in MODELS},
        "simulation": {},
    }
    return Summary(**{**base, **changes, "data": {**data, **changes.get("data", {})}})
