"""Some years of the simulation, through the code that decides; ``make bench`` goes through hundreds."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.gates.retraining_year import Change, alarms, delays, options_of


@pytest.mark.parametrize(("change", "most"), [("level shift", 14), ("store opening", 7)])
def test_a_change_asks_for_a_training_within_days(change: Change, most: int) -> None:
    found = delays(change, 2, 1, options_of(1))
    assert all(delay is not None and delay <= most for delay in found)


def test_years_without_a_change_have_no_more_false_alarms_than_stated() -> None:
    counts = alarms(5, 1, options_of(1))
    # The 99.9 % point of as many years at the stated rate.
    stated = np.random.default_rng(0).poisson(options_of(1).false_alarms * len(counts), 100_000)
    assert sum(counts) <= np.quantile(stated, 0.999)
