"""A method's measures over a data set's origins: sums where they add up, means where they do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.harness import forecast_errors

_MEANS = ("rmsse", "wrmsse")


def together(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What ``Cell.scored`` gave for each origin, as one."""
    sums: Counter[str] = Counter()
    for cell in cells:
        sums.update(cell["sums"])
    found: dict[str, Any] = dict(forecast_errors.metrics(sums))
    for name in _MEANS:
        if name in cells[0]:
            found[name] = float(np.mean([cell[name] for cell in cells]))
    found["cost"] = sum(cell["cost"]["total"] for cell in cells)
    found["shortage_share"] = sum(cell["cost"]["shortage"] for cell in cells) / max(found["cost"], 1e-9)
    if "cost_own" in cells[0]:
        found["cost_own"] = sum(cell["cost_own"] for cell in cells)
    found["train"], found["predict"] = (
        float(np.mean([cell["seconds"][name] for cell in cells])) for name in ("train", "predict")
    )
    intervals = [cell["sums_of_periods"] for cell in cells if cell.get("sums_of_periods")]
    if intervals:
        found["pinball_sums"] = float(np.mean([interval["pinball"] for interval in intervals]))
        gaps = [interval["coverage_gap"] for interval in intervals]
        found["coverage_gap_sums"] = float(max(gaps, key=abs))
    verdicts = [cell["seconds"]["verdict"]["status"] for cell in cells if "verdict" in cell["seconds"]]
    if verdicts:
        found["pushed"] = f"{verdicts.count('pushed')} of {len(verdicts)}"
    return found
