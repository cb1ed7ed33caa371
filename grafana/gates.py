"""The thresholds of the model gate, as the pipeline's configuration has them by default."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict, cast


class Gates(TypedDict):
    """``grafana/gates.json``, which ``python -m docs.generators.pages`` writes; fractions."""

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


GATES = cast(Gates, json.loads((Path(__file__).parent / "gates.json").read_text()))
