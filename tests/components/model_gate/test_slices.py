"""A slice stops a pair where it is proven to be worse, and never because it is small."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from components.model_gate.slices import SeriesErrors, worst_slice
from contracts.records.checks import ModelCheck


def judged(
    stores: dict[str, tuple[int, float]], seed: int = 0, noise: float = 0.2, threshold: float = -0.1
) -> ModelCheck:
    """Stores by name: how many series, and the model's error as a multiple of seasonal naive's."""
    rng = np.random.default_rng(seed)
    names: Sequence[str] = [name for name, (series, _) in stores.items() for _ in range(series)]
    ratio = np.array([stores[name][1] for name in names])
    naive = rng.gamma(2.0, 10.0, len(names))
    model = naive * ratio * rng.lognormal(0, noise, len(names)) if len(names) else naive
    errors = SeriesErrors(model, naive, {"store_id": np.array(names, object)})
    return worst_slice("m", errors, "store_id", threshold, least_series=8, confidence=0.95)


def test_a_store_that_is_worse_in_all_its_series_is_named() -> None:
    found = judged({"A": (60, 0.7), "Köln [1]": (40, 1.5)})
    assert (found.verdict, found.slice) == ("stop", "store_id=Köln [1]")
    assert found.value == pytest.approx(-0.32, abs=0.05)
    assert "over 40 series" in found.reason


@pytest.mark.parametrize("series", [1, 2, 7])
def test_a_store_of_few_series_decides_nothing_and_is_named(series: int) -> None:
    found = judged({"A": (60, 0.7), "B": (series, 9.0)})
    assert (found.verdict, found.slice) == ("pass", "store_id=A")
    assert "fewer than 8 series: B" in found.reason
    alone = judged({"B": (series, 9.0)})
    assert alone.verdict == "pass" and f"the largest has {series}" in alone.reason


def test_what_may_be_luck_is_let_through_and_more_series_prove_it() -> None:
    few, many = (judged({"A": (series, 0.9)}, noise=0.8, seed=3) for series in (8, 4000))
    assert (few.verdict, many.verdict) == ("pass", "stop")


def test_equal_models_are_seldom_stopped_however_many_stores_there_are() -> None:
    """At the border of what is allowed, the share of stops stays below the level that was asked for."""
    stopped = [
        judged({str(store): (20, 1.0) for store in range(10)}, seed, threshold=-0.02).verdict == "stop"
        for seed in range(40)
    ]
    assert np.mean(stopped) <= 0.15


def test_without_any_series_nothing_passes() -> None:
    assert judged({}).verdict == "stop"


def test_a_store_in_which_seasonal_naive_is_never_wrong_is_not_judged() -> None:
    zeros = np.zeros(9)
    errors = SeriesErrors(zeros, zeros, {"store_id": np.full(9, "A", object)})
    assert worst_slice("m", errors, "store_id", -0.1, 8, 0.95).verdict == "pass"
