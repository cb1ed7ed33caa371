"""What the network's probabilities are worth, from windows that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Flags, Floats, Integers
from inventory.detection.calibration import (
    Calibration,
    by_group,
    correlation,
    correlation_across,
    tail_map,
)
from inventory.detection.distribution import Demand
from inventory.detection.evidence import normal_scores
from trainers.demand_watch.model import MEAN, SIZE, ZERO
from trainers.transform_graph import RAW
from transforms.preprocessing import ENTITIES


def calibrate(
    windows: Mapping[str, NDArray[Any]], parameters: NDArray[Any], step: float, period_days: int, seed: int
) -> Calibration:
    """The calibration of the network on windows with labels.

    Args:
        windows: label_units, label_observed and label_known, [N, H]; the ids of ENTITIES and the raw origin, [N, 1].
        parameters: the network's output for them, [N, H, 3].
        step: units in which sales are counted.
        period_days: 1 or 7.
        seed: of where within a jump of the distribution a period lies.

    Raises:
        ValueError: there are too few clean periods.
    """
    wide = np.asarray(parameters, np.float64)
    demand = Demand(wide[:, :, MEAN], wide[:, :, SIZE], wide[:, :, ZERO], step)
    units = np.asarray(windows["label_units"], np.float64)
    clean = (windows["label_observed"] > 0) & (windows["label_known"] > 0)
    lower, upper = demand.at_most(units), demand.at_least(units)
    drawn = np.random.default_rng(seed).uniform(size=units.shape)
    # P(less) + U P(equal) is uniform of a right model, however coarse its units.
    below = (1 - upper) + drawn * (lower + upper - 1)
    maps = tail_map(below[clean]), tail_map(1 - below[clean])
    plain = Calibration(*maps, 0.0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0))
    scores = normal_scores(demand, plain, units, drawn)
    origins = windows[f"{RAW}origin"][:, 0] // period_days
    across, own = zip(
        *(_of_group(scores, clean, windows[name][:, 0], origins) for name in ENTITIES), strict=True
    )
    return Calibration(*maps, correlation(normal_scores(demand, plain, units), clean), across, own, step)


def _of_group(scores: Floats, clean: Flags, ids: Integers, origins: Integers) -> tuple[float, float]:
    """Correlation across the series of a group, and of the group's own scores; a group at another origin is another."""
    _, group = np.unique(np.stack([ids, origins]), axis=1, return_inverse=True)
    group = np.asarray(group).reshape(-1)
    across = correlation_across(scores, clean, group)
    return across, correlation(*by_group(scores, clean, group, across))
