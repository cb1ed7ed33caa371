"""Trees that forecast the mean demand of a period, in units of the series' scale, grown by LightGBM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Floats
from contracts.errors import SystemFault
from trainers.demand_forecasting.trees.forest import Forest
from trainers.options import DemandOptions

MOST_ROWS = 400_000
"""Rows that trees are grown on; of more, so many at random: trees of this size are no better for more."""

_TWEEDIE_POWER = 1.1
"""Of the loss: the variance of demand grows with this power of its mean (1: Poisson, 2: gamma)."""

_SCALE_POWER = 2.0 - _TWEEDIE_POWER
"""Demand is learned in units of the scale; a row weighs what makes the loss that of demand in units."""

_LOGARITHM_OF_NOTHING = -15.0
"""Of the mean where no demand was ever seen, in units of the scale."""

_FEWEST_ROWS = 100
"""In a leaf."""

FEWEST_TREES = 50
"""Fewer are not grown, unless the options say so: what a few weeks say of one tree more is mostly chance."""

_PATIENCE = 60
"""Trees without a better forecast of the rows that are judged, after which no more are grown."""


@dataclass(frozen=True)
class Rows:
    """Rows with what is to be forecast.

    Attributes:
        x: float32 [M, C].
        y: [M], demand in units of the scale.
        weight: [M].
    """

    x: NDArray[np.float32]
    y: Floats
    weight: Floats

    @classmethod
    def of(cls, batches: Iterable[tuple[Any, Any, Any, Any]], seed: int) -> Rows:
        """Of batches of rows [N, H, C], labels [N, H] (units), masks [N, H], scales [N, 1]; masked ones are left out.

        Keeps ``MOST_ROWS`` of them at most, at random.
        """
        random = np.random.default_rng(seed)
        kept: list[tuple[NDArray[Any], ...]] = []
        share = 1.0
        for x, label, mask, scale in batches:
            known = (mask > 0) & (random.random(mask.shape) < share)
            wide = np.broadcast_to(scale, mask.shape)[known]
            kept.append((x[known], label[known] / wide, wide**_SCALE_POWER))
            if sum(len(y) for _, y, _ in kept) > 2 * MOST_ROWS:
                # Half of what is here and of all that comes: each row is as likely as any other.
                kept = [_sample(parts, random.random(len(parts[1])) < 0.5) for parts in kept]
                share /= 2
        x, y, weight = (np.concatenate(parts) for parts in zip(*kept, strict=True))
        if len(y) > MOST_ROWS:
            x, y, weight = _sample((x, y, weight), np.sort(random.choice(len(y), MOST_ROWS, replace=False)))
        return cls(x, y.astype(np.float64), weight.astype(np.float64))

    def __add__(self, others: Rows) -> Rows:
        return Rows(
            np.concatenate([self.x, others.x]),
            np.concatenate([self.y, others.y]),
            np.concatenate([self.weight, others.weight]),
        )


def grow(
    rows: Rows, names: list[str], categories: list[int], options: DemandOptions, judged: Rows | None = None
) -> Forest:
    """Grows trees; their sum is the logarithm of the mean.

    Args:
        rows: what they learn from.
        names: of the C columns.
        categories: indices of the columns that hold ids.
        options: how many trees at most, of how many leaves; the seed.
        judged: rows that they do not learn from: trees end where these are forecast best, ``FEWEST_TREES`` or later.

    Raises:
        SystemFault: LightGBM's library cannot be loaded.
    """
    if not (rows.y > 0).any():
        # Of nothing but zeros LightGBM cannot take the logarithm.
        return Forest.of([{"leaf_value": _LOGARITHM_OF_NOTHING}])
    try:
        import lightgbm
    except OSError as error:
        raise SystemFault(
            f"LightGBM cannot be loaded ({error}): install OpenMP's runtime (libgomp1 on Debian and Ubuntu, libgomp on "
            "Fedora), or set demand_forecasting.trees: 0"
        ) from error
    settings = {
        "objective": "tweedie",
        "metric": "tweedie",
        "tweedie_variance_power": _TWEEDIE_POWER,
        "learning_rate": options.tree_learning_rate,
        "num_leaves": options.tree_leaves,
        "min_data_in_leaf": _FEWEST_ROWS,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        # A category is asked for one by one: what TensorFlow can ask as an interval.
        "max_cat_to_onehot": 1_000_000,
        "use_missing": False,
        "seed": options.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(
        rows.x, rows.y, weight=_relative(rows.weight), feature_name=names, categorical_feature=categories
    )
    ends: dict[str, Any] = {}
    if judged is not None and len(judged.y):
        ends = {
            "valid_sets": [data.create_valid(judged.x, judged.y, weight=_relative(judged.weight))],
            "callbacks": [lightgbm.early_stopping(_PATIENCE, verbose=False)],
        }
    # As it is while training: else those beyond the best are gone.
    grown = lightgbm.train(settings, data, options.trees, keep_training_booster=True, **ends)
    kept = max(grown.best_iteration, FEWEST_TREES) if ends else options.trees
    return Forest.of([tree["tree_structure"] for tree in grown.dump_model(num_iteration=kept)["tree_info"]])


def _relative(weight: Floats) -> Floats:
    relative: Floats = weight / max(weight.mean(), 1e-12)
    return relative


def _sample(parts: Sequence[NDArray[Any]], chosen: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    return tuple(part[chosen] for part in parts)
