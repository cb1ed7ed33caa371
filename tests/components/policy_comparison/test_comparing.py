"""Costs of levels against sums written out window by window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from components.policy_comparison.comparing import compare_levels


def column(*values: float) -> NDArray[Any]:
    return np.array(values, np.float32)[:, None]


WINDOWS = {
    "protection_demand": column(10, 4, 7, 0),
    "protection_observed": column(1, 1, 0, 1),
    "holding_cost": column(1, 2, 1, 1),
    "shortage_cost": column(9, 5, 9, 3),
}


def test_each_policy_is_charged_for_what_was_left_and_what_was_missing() -> None:
    compared = compare_levels(WINDOWS, {"low": column(8, 4, 99, 0), "high": column(12, 5, 99, 3)})
    # The third window had a stock-out, its demand is unknown and counts nowhere.
    assert compared["low"]["total_cost"] == 2 * 9
    assert compared["low"]["fill_rate"] == pytest.approx(12 / 14)
    assert compared["low"]["service_level"] == pytest.approx(2 / 3)
    assert compared["high"]["total_cost"] == 2 * 1 + 1 * 2 + 3 * 1
    assert compared["high"]["newsvendor_cost"] == pytest.approx(7 / 14)
    assert {policy["intervals"] for policy in compared.values()} == {3}


def test_without_a_judged_interval_there_is_no_figure() -> None:
    windows = WINDOWS | {"protection_observed": column(0, 0, 0, 0)}
    found = compare_levels(windows, {"low": column(8, 4, 99, 0)})["low"]
    assert math.isnan(found["newsvendor_cost"]) and math.isnan(found["service_level"])
    assert found["intervals"] == 0
