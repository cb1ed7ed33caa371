"""What a forecast is made of: Shapley values of four groups of features.

A coalition is the forecast with some groups as they are and the others at a neutral value; a group's contribution is
its mean marginal effect over all orders in which the groups can be added (Shapley, 1953: A value for n-person games;
used on features by Lundberg and Lee, 2017: A unified approach to interpreting model predictions). With four groups all
sixteen coalitions are computed, so the contributions add up to the forecast exactly, and nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.arrays import Arrays, Floats
from inventory.base_stock import moments_of_quantiles
from serving.directory.loading import LoadedModel
from serving.examples import RAW_TENSORS
from transforms.features import FUTURE_PREFIX, HISTORY_PREFIX, FeatureSpace

HISTORY, PRICE, PROMOTION, CALENDAR = GROUPS = ("history", "price", "promotion", "calendar")
Window = Mapping[str, NDArray[Any]]
_WEEKLY_SHIFTS = (0, 13, 26, 39)


@dataclass(frozen=True)
class Explanation:
    """Of one window's mean forecast, units.

    Attributes:
        base: with every group neutral, [H].
        contributions: by group, [H]; base and contributions add up to the forecast.
        forecast: [H].
    """

    base: Floats
    contributions: Mapping[str, Floats]
    forecast: Floats


def explain(model: LoadedModel, window: Window) -> Explanation:
    """Takes one window's mean forecast apart.

    Neutral are: a history that sold its own mean in every period, in stock; the usual price; no promotion; and the
    mean over all weekdays (of weekly data over the quarters of the year), without holidays, events and other external
    factors.

    Args:
        model: the demand model.
        window: the raw features of one window, each [1, size].
    """
    worth = _coalitions(model, window)
    count = len(GROUPS)
    contributions = {}
    for group in GROUPS:
        others = [name for name in GROUPS if name != group]
        total = np.zeros_like(worth[frozenset()])
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for without in combinations(others, size):
                total += weight * (worth[frozenset({*without, group})] - worth[frozenset(without)])
        contributions[group] = total
    return Explanation(worth[frozenset()], contributions, worth[frozenset(GROUPS)])


def _coalitions(model: LoadedModel, window: Window) -> dict[frozenset[str], Floats]:
    """The mean forecast [H] of each coalition, all of them asked at once."""
    rows: list[Window] = []
    slices: dict[frozenset[str], slice] = {}
    for size in range(len(GROUPS) + 1):
        for chosen in combinations(GROUPS, size):
            made = _with_neutral(window, set(GROUPS) - set(chosen), model.space)
            slices[frozenset(chosen)] = slice(len(rows), len(rows) + len(made))
            rows += made
    inputs = {name: tf.constant(np.concatenate([row[name] for row in rows])) for name in rows[0]}
    found = model.ask(RAW_TENSORS, inputs)
    mean, _ = moments_of_quantiles(found["levels"][0], found["quantiles"])
    return {chosen: mean[chosen_rows].mean(axis=0) for chosen, chosen_rows in slices.items()}


def _set(made: Arrays, names: Sequence[str], value: float) -> None:
    """Sets features over time, past and future, as far as the window has them."""
    for name in (prefix + name for prefix in (HISTORY_PREFIX, FUTURE_PREFIX) for name in names):
        if name in made:
            made[name][:] = value


def _with_neutral(window: Window, groups: set[str], space: FeatureSpace) -> list[Window]:
    """The window with some groups neutral; several windows, to be averaged, where the calendar is."""
    made = {name: values.copy() for name, values in window.items()}
    if HISTORY in groups:
        stocked = (window["history_present"] > 0) & (window["history_in_stock"] >= 1)
        mask = stocked if stocked.any() else window["history_present"] > 0
        mean = window["history_units"][mask].mean() if mask.any() else 0.0
        made["history_units"][:] = mean
        made["history_present"][:] = made["history_in_stock"][:] = made["history_open"][:] = 1.0
    if PRICE in groups:
        _set(made, ("price", "discount"), np.nan)
    if PROMOTION in groups:
        _set(made, ("promotion",), 0.0)
    if CALENDAR not in groups:
        return [made]
    for external in space.externals():
        for prefix in external.prefixes:
            made[prefix + external.name][:] = np.nan if external.dtype == "float" else b""
    shifts = range(7) if space.period_days == 1 else [7 * weeks for weeks in _WEEKLY_SHIFTS]
    return [{**made, "origin": made["origin"] + shift} for shift in shifts]
