"""Costs of orders against sums written out window by window."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from components.policy_comparison.comparing import compare_levels
from components.policy_comparison.reviews import largest


def column(*values: float) -> NDArray[Any]:
    return np.array(values, np.float32)[:, None]


WINDOWS = {
    # Two periods until an order arrives, and two that it serves.
    "label_demand": np.array([[1, 1, 6, 4], [2, 0, 4, 0], [9, 9, 9, 9], [0, 0, 0, 0]], np.float32),
    "recent_mean": np.ones((4, 4), np.float32),
    "protection_observed": column(1, 1, 0, 1),
    "lead_time": column(2, 2, 2, 2),
    "review_period": column(2, 2, 2, 2),
    "holding_cost": column(1, 2, 1, 1),
    "shortage_cost": column(9, 5, 9, 3),
    "model": column(10, 9, 99, 2),
    largest("model"): column(8, 3, 99, 9),
    "base_stock": column(14, 4, 99, 5),
}
"""All begin with 2 units; when the order arrives, those of the first three are sold."""


def test_each_policy_is_charged_for_what_was_left_and_what_was_missing() -> None:
    compared = compare_levels(WINDOWS, ["model", "base_stock"])
    # Orders 8, 3 and 0: left 2 and 0, 0 and 0, 2 and 2; lost 2, 1 and 0. The third window's demand is not known.
    assert compared["model"]["total_cost"] == 2 * 1 + 2 * 9 + 1 * 5 + 4 * 1
    assert compared["model"]["fill_rate"] == pytest.approx(11 / 14)
    assert compared["model"]["service_level"] == pytest.approx(1 / 3)
    # Orders 12, 2 and 3, without a cap: left 6 and 2, 0 and 0, 5 and 5; lost 0, 2 and 0.
    assert compared["base_stock"]["total_cost"] == 8 * 1 + 2 * 5 + 10 * 1
    assert compared["base_stock"]["cycle_cost"] == pytest.approx(28 / 14)
    assert {policy["intervals"] for policy in compared.values()} == {3}


def test_without_a_judged_interval_there_is_no_figure() -> None:
    windows = WINDOWS | {"protection_observed": column(0, 0, 0, 0)}
    found = compare_levels(windows, ["model"])["model"]
    assert math.isnan(found["cycle_cost"]) and math.isnan(found["service_level"])
    assert found["intervals"] == 0
