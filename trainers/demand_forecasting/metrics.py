"""Forecast accuracy as sums over windows, so that Beam workers and NumPy get the same metrics.

Measured on fully stocked periods, where sales are demand; ``wape_all`` alone counts every known period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts import models
from contracts.arrays import Floats
from inventory.metrics import ratio

BASELINES = models.BASELINES[models.DEMAND]
_MODEL = "model"
EXACT = 1e-3
"""WAPE below which a forecast counts as exact: a tenth of a percent of the units."""


def accuracy_sums(
    windows: Mapping[str, NDArray[Any]], quantiles: NDArray[Any], levels: Sequence[float]
) -> Floats:
    """Sums over a batch of windows; sums of batches add up to the sums of all: shape [number_of_sums].

    Args:
        windows: label_units, label_observed, label_known and the baselines, each ``[N, H]``.
        quantiles: forecast in units, ``[N, H, Q]``.
        levels: the Q quantile levels, 0.5 among them.
    """
    units = windows["label_units"].astype(np.float64)
    observed = windows["label_observed"].astype(np.float64)
    mask = windows["label_known"].astype(np.float64)
    quantiles = quantiles.astype(np.float64)
    sums = [observed.sum(), (units * observed).sum(), (units * mask).sum()]
    forecasts = [quantiles[..., median_index(levels)], *(windows[name] for name in BASELINES)]
    for forecast in forecasts:
        error = forecast - units
        sums += [
            (np.abs(error) * observed).sum(),
            (error**2 * observed).sum(),
            (error * observed).sum(),
            (np.abs(error) * mask).sum(),
        ]
    error = units[..., None] - quantiles
    level = np.asarray(levels, dtype=np.float64)
    pinball = np.maximum(level * error, (level - 1) * error)
    sums += list((pinball * observed[..., None]).sum(axis=(0, 1)))
    sums += list(((error <= 0) * observed[..., None]).sum(axis=(0, 1)))
    return np.array(sums)


def number_of_sums(levels: Sequence[float]) -> int:
    """Length of what ``accuracy_sums`` returns."""
    return 3 + 4 * (1 + len(BASELINES)) + 2 * len(levels)


def accuracy(sums: Floats, levels: Sequence[float]) -> dict[str, float]:
    """The metrics that ``metric_names`` lists, from the sums. A metric without any period to judge is NaN.

    wape = sum |error| / sum units; bias = sum (forecast - actual) / sum actual; pinball is the mean over periods and
    levels (Koenker and Bassett, 1978); coverage is the share of periods at or below the quantile;
    skill = 1 - wape / wape of seasonal naive, of at least ``EXACT``.
    """
    count, units, units_known = sums[:3]
    metrics: dict[str, float] = {}
    for index, name in enumerate((_MODEL, *BASELINES)):
        absolute, squared, signed, absolute_known = sums[3 + 4 * index : 7 + 4 * index]
        prefix = "" if name == _MODEL else name + "_"
        metrics[prefix + "wape"] = ratio(absolute, units)
        metrics[prefix + "mae"] = ratio(absolute, count)
        metrics[prefix + "rmse"] = float(np.sqrt(ratio(squared, count)))
        metrics[prefix + "bias"] = ratio(signed, units)
        metrics[prefix + "wape_all"] = ratio(absolute_known, units_known)
    offset, number = 3 + 4 * (1 + len(BASELINES)), len(levels)
    pinball, covered = sums[offset : offset + number], sums[offset + number :]
    metrics["pinball"] = ratio(float(pinball.mean()), count)
    for level, periods in zip(levels, covered, strict=True):
        metrics[coverage_name(level)] = ratio(periods, count)
    metrics["skill_seasonal_naive"] = skill(metrics["wape"], metrics["seasonal_naive_wape"])
    metrics["skill_recent_mean"] = skill(metrics["wape"], metrics["recent_mean_wape"])
    return metrics


def skill(wape: float, baseline: float) -> float:
    """1 - wape / the baseline's; where demand never changes a baseline is exact, and counts as off by ``EXACT``."""
    return 1.0 - wape / float(np.maximum(baseline, EXACT))


def metric_names(levels: Sequence[float]) -> list[str]:
    """Names of the metrics that ``accuracy`` returns."""
    return list(accuracy(np.ones(number_of_sums(levels)), levels))


def coverage_name(level: float) -> str:
    """Name of the coverage of one quantile level."""
    return f"coverage_{level:g}"


def median_index(levels: Sequence[float]) -> int:
    """Where the median stands among the levels.

    Raises:
        ValueError: it is not among them.
    """
    return list(levels).index(0.5)
