"""What figures are held against: the model gate's thresholds, and those of a system that is in use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict, cast


class Gates(TypedDict):
    """The model gate's, as the pipeline's configuration has them by default; fractions."""

    demand_skill: float
    slice_skill: float
    slice_series: int
    calibration_band: float
    replenishment_skill: float
    loss_margin: float
    cost_margin: float
    base_stock_cost: float
    incumbent_cost: float
    fill_rate_margin: float
    confidence: float


class Watch(TypedDict):
    """Of the system in use, for the colours of boards and the bounds of alerts."""

    recent_periods: int
    """that realised figures are taken from: a few days alone would ring for chance"""
    bias_band: float
    """largest share by which the forecasts may lie above or below the sales in sum"""
    fill_rate: float
    """least share of the units asked for that is served"""
    stock_outs: float
    """largest share of products and periods that are out of stock for a time"""
    late_periods: int
    """periods without new sales: a delivery that comes a day late is none, nor is a holiday"""
    day_from_hour: int
    """UTC, from which on a day's sales and plan should be there"""
    plan_hours: int
    """since the newest plan was made: a day, and what planning may take"""
    planning_hours: int
    """that a planning run may take"""
    training_hours: int
    """that a training run may take"""
    pair_days: int
    """since the pair that serves was pushed"""
    backup_hours: int
    """since the newest back-up, where there is any: a day, and what it may take or wait for"""


class _File(TypedDict):
    gate: Gates
    watch: Watch


_read = cast(_File, json.loads((Path(__file__).parent / "gates.json").read_text()))
GATES, WATCH = _read["gate"], _read["watch"]
"""``grafana/gates.json``, whose part ``gate`` is written by ``python -m docs.generators.pages``."""
