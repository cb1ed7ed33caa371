"""The metrics of a forecast, against a plain loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.harness import forecast_errors
from benchmarks.harness.forecast_errors import KEYS


@pytest.fixture
def actual() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days = pd.date_range("2024-06-19", periods=7)
    frame = pd.DataFrame([(s, p, d) for s in (1, 2) for p in (5, 6, 7) for d in days], columns=KEYS)
    frame["units"] = rng.poisson(4, len(frame)).astype(float)
    frame["stocked"] = np.where(rng.random(len(frame)) < 0.3, 0.5, 1.0)
    return frame


def _forecast(actual: pd.DataFrame, seed: int) -> pd.DataFrame:
    demand = np.random.default_rng(seed).gamma(4, 1, len(actual))
    columns = {
        "demand": demand,
        "quantile_0.1": demand / 2,
        "quantile_0.5": demand,
        "quantile_0.9": demand * 2,
    }
    return actual[KEYS].assign(**columns).sample(frac=1, random_state=seed)


def test_metrics_equal_a_plain_loop(actual: pd.DataFrame) -> None:
    forecast = _forecast(actual, 2)

    found = forecast_errors.metrics(forecast_errors.sums(actual, forecast))

    said = {tuple(row[key] for key in KEYS): row for row in forecast.to_dict("records")}
    stocked = [row for row in actual.to_dict("records") if row["stocked"] == 1.0]
    units = error = bias = pinball = 0.0
    below, covered = (dict.fromkeys((0.1, 0.5, 0.9), 0) for _ in range(2))
    for row in stocked:
        ours = said[tuple(row[key] for key in KEYS)]
        units += row["units"]
        error += abs(ours["demand"] - row["units"])
        bias += ours["demand"] - row["units"]
        for level in covered:
            quantile = ours[f"quantile_{level:g}"]
            short = row["units"] - quantile
            pinball += level * short if short > 0 else (level - 1) * short
            # Sold in whole units.
            below[level] += row["units"] < round(quantile)
            covered[level] += row["units"] <= round(quantile)
    gaps = []
    for level in covered:
        least, most = below[level] / len(stocked), covered[level] / len(stocked)
        gaps.append(least - level if least > level else min(most - level, 0.0))
    assert found["wape"] == pytest.approx(error / units)
    assert found["bias"] == pytest.approx(bias / units)
    assert found["pinball"] == pytest.approx(pinball / len(stocked) / 3)
    assert found["coverage_gap"] == pytest.approx(max(gaps, key=abs))
    every = actual.merge(forecast, on=KEYS)
    assert found["wape_all"] == pytest.approx(
        (every["demand"] - every["units"]).abs().sum() / every["units"].sum()
    )


def test_sums_of_two_tests_are_the_sums_of_both(actual: pd.DataFrame) -> None:
    later = actual.assign(date=actual["date"] + pd.Timedelta(days=7), units=actual["units"] + 1)
    first, second = _forecast(actual, 3), _forecast(later, 4)
    added = forecast_errors.sums(actual, first)
    added.update(forecast_errors.sums(later, second))
    whole = forecast_errors.sums(pd.concat([actual, later]), pd.concat([first, second]))
    assert forecast_errors.metrics(added) == pytest.approx(forecast_errors.metrics(whole))


def test_a_day_without_a_forecast_is_told(actual: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="3 day"):
        forecast_errors.sums(actual, _forecast(actual, 5).iloc[3:])
    twice = _forecast(actual, 5)
    with pytest.raises(ValueError, match="one-to-one"):
        forecast_errors.sums(actual, pd.concat([twice, twice.head(1)]))
