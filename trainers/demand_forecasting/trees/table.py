"""What the trees read of a window and a coming period: a row of numbers, from the transformed features.

Made by TensorFlow alone, so that training and the SavedModel have the same. Levels and ratios hold for new stores and
products too, whose ids are those of none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from transforms.features import FUTURE_PREFIX, HISTORY_PREFIX, FeatureSpace
from transforms.long_history import YEARS, spans
from transforms.preprocessing import ENTITIES, known_flag, level_spans

UNKNOWN = -10.0
"""Below all that can be known, so that a split sets it apart."""

_GRID = 512.0
"""Numbers are rounded to so many parts of one: where two ways of computing a number differ in its last digit, as a
server's and a trainer's do, no question of a tree may tell them apart.
"""

NEWEST = 3
"""Demands before the origin that a row holds one by one."""

SAME_WEEKDAYS = 4
"""Weeks before, of each of which a row holds the same weekday."""

NEIGHBOURS = 3
"""Periods on either side of which a row holds what is known ahead in external columns: people shop before events."""


@dataclass(frozen=True)
class Column:
    """A column of the rows; a ``category`` is an id, which is this one or another, and neither more nor less."""

    name: str
    values: tf.Tensor
    category: bool = False


def needed(space: FeatureSpace) -> dict[str, int]:
    """Transformed features that rows are made of, and their sizes."""
    sizes = {
        "scale": 1, **dict.fromkeys(ENTITIES, 1), "recent_levels": len(level_spans(space)), "promotion_levels": 2,
        "long_levels": len(spans(space.period_days).levels),
        "history_demand": space.history, "history_share": space.history,
    }  # fmt: skip
    ahead = ["seasonal_profile", "year_sine", "year_cosine", "future_open"]
    ahead += [name for year in YEARS for name in (year, f"{year}_smoothed")]
    ahead += ["weekday", "day_of_month"] if space.has_weekday else []
    ahead += [name for known in space.planned() for name in (FUTURE_PREFIX + known, known_flag(known))]
    for external in _known_ahead(space):
        sizes[HISTORY_PREFIX + external] = space.history
        ahead.append(FUTURE_PREFIX + external)
    return {**sizes, **dict.fromkeys(ahead, space.horizon)}


def rows(features: Mapping[str, tf.Tensor], space: FeatureSpace) -> tf.Tensor:
    """Rows of windows: float32 [N, H, C], without NaN.

    Args:
        features: transformed, those of ``needed``, each [N, size].
        space: of the windows.
    """
    shape = tf.stack([tf.shape(features["scale"])[0], space.horizon])
    wide = [
        tf.broadcast_to(tf.cast(column.values, tf.float32), shape) for column in _columns(features, space)
    ]
    return tf.round(tf.stack(wide, axis=2) * _GRID) / _GRID


def names(space: FeatureSpace) -> tuple[list[str], list[int]]:
    """Names of the C columns, and the indices of those that are categories."""
    one = {name: tf.zeros([1, size]) for name, size in needed(space).items()}
    columns = list(_columns(one, space))
    return [column.name for column in columns], [i for i, column in enumerate(columns) if column.category]


def _columns(features: Mapping[str, tf.Tensor], space: FeatureSpace) -> Iterator[Column]:
    """Each [N, 1] or [N, H]."""
    yield Column("scale", tf.math.log(tf.maximum(features["scale"], 1e-6)))
    for entity in ENTITIES:
        yield Column(entity, features[entity], category=True)
    for name in ("recent_levels", "promotion_levels", "long_levels"):
        for i in range(features[name].shape[1]):
            yield Column(f"{name}_{i}", features[name][:, i : i + 1])
    demand = tf.where(features["history_share"] > 0.0, features["history_demand"], UNKNOWN)
    for back in range(1, min(NEWEST, space.history) + 1):
        yield Column(f"demand_{back}", demand[:, -back : space.history - back + 1])
    yield Column("step", tf.range(1, space.horizon + 1, dtype=tf.float32)[None, :])
    if space.has_weekday:
        yield Column("weekday", features["weekday"])
        yield Column("day_of_month", features["day_of_month"])
        yield from _same_weekdays(demand, space)
    for name in ("seasonal_profile", "year_sine", "year_cosine", "future_open"):
        yield Column(name, features[name])
    for year in YEARS:
        for name in (year, f"{year}_smoothed"):
            yield Column(name, features[name])
    for planned in space.planned():
        known = features[known_flag(planned)] > 0.0
        yield Column(planned, tf.where(known, features[FUTURE_PREFIX + planned], UNKNOWN))
    yield from _neighbours(features, space)


def _same_weekdays(demand: tf.Tensor, space: FeatureSpace) -> Iterator[Column]:
    """Demand of the newest of a period's weekdays that is known, and of those in the weeks before it."""
    for week in range(1, SAME_WEEKDAYS + 1):
        lag = 7 * week - np.arange(space.horizon) % 7
        inside = lag <= space.history
        found = tf.gather(demand, np.where(inside, space.history - lag, 0), axis=1)
        yield Column(f"weekday_{week}", tf.where(inside[None, :], found, UNKNOWN))


def _neighbours(features: Mapping[str, tf.Tensor], space: FeatureSpace) -> Iterator[Column]:
    """What is known ahead in external columns, of a period and of those around it."""
    texts = {external.name for external in space.texts()}
    for name in _known_ahead(space):
        parts = [tf.cast(features[prefix + name], tf.float32) for prefix in (HISTORY_PREFIX, FUTURE_PREFIX)]
        around = [[0, 0], [NEIGHBOURS, NEIGHBOURS]]
        line = tf.pad(tf.concat(parts, axis=1), around, constant_values=UNKNOWN)
        for shift in range(-NEIGHBOURS, NEIGHBOURS + 1):
            begin = space.history + NEIGHBOURS + shift
            yield Column(f"{name}_{shift}", line[:, begin : begin + space.horizon], name in texts)


def _known_ahead(space: FeatureSpace) -> list[str]:
    return [external.name for external in space.externals() if external.reach]
