from __future__ import annotations

import math

import numpy as np
import pytest

from components.policy_comparison.calibration import coverage_bounds


@pytest.mark.parametrize("rate", [0.3, 2.0, 15.0])
def test_the_true_quantiles_of_counts_are_calibrated_however_rare_they_are(rate: float) -> None:
    """Empirical quantiles of a large Poisson sample, a little off a whole unit as a network's are."""
    rng = np.random.default_rng(0)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    units = rng.poisson(rate, (2000, 7)).astype(float)
    quantiles = np.quantile(rng.poisson(rate, 200_000), levels, method="inverted_cdf")
    forecast = np.broadcast_to(quantiles, (2000, 7, 5)) + rng.uniform(-0.3, 0.3, (2000, 7, 1))
    found = coverage_bounds(units, np.ones((2000, 7)), forecast, levels)
    for text, shares in found.items():
        assert shares["below"] - 0.02 <= float(text) <= shares["at_most"] + 0.02


def test_fractional_demand_is_not_rounded_and_unseen_periods_do_not_count() -> None:
    units, observed = np.array([[0.5, 1.2, 9.0]]), np.array([[1, 1, 0]])
    found = coverage_bounds(units, observed, np.full((1, 3, 1), 0.6), [0.5])
    assert found == {"0.5": {"below": 0.5, "at_most": 0.5}}
    nothing = coverage_bounds(units, np.zeros((1, 3)), np.full((1, 3, 1), 0.6), [0.5])
    assert math.isnan(nothing["0.5"]["below"])


def test_counts_beside_products_sold_by_weight_are_calibrated_too() -> None:
    """Every second window is of a product that is sold in quarters of a unit, and often not at all."""
    rng = np.random.default_rng(1)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    step = np.where(np.arange(2000) % 2, 0.25, 1.0)[:, None]
    units = rng.poisson(1.5, (2000, 7)) * step
    quantiles = np.quantile(rng.poisson(1.5, 200_000), levels, method="inverted_cdf")
    forecast = quantiles * step[:, :, None] + np.where(quantiles == 0, 0.03, 0.0)
    found = coverage_bounds(units, np.ones((2000, 7)), np.broadcast_to(forecast, (2000, 7, 5)), levels)
    for text, shares in found.items():
        assert shares["below"] - 0.02 <= float(text) <= shares["at_most"] + 0.02
