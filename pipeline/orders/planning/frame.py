"""What all lines of a plan share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from contracts.arrays import Floats
from contracts.records.planning import Planning
from inventory.paths import path_scores
from pipeline.config import Config


@dataclass(frozen=True)
class Frame:
    """What all lines of a plan share.

    Attributes:
        as_of: days since 1970-01-01; the order is placed at the end of this period.
        period_days: 1 or 7.
        review_period: R.
        minimum_history: known periods that the model needs.
        history: periods that a model sees.
        levels: of the demand quantiles.
        horizon: periods forecast.
        model_version: of the pair.
        planning: by which policy the pair plans.
    """

    as_of: int
    period_days: int
    review_period: int
    minimum_history: int
    history: int
    levels: Sequence[float]
    horizon: int
    model_version: int
    planning: Planning = field(default_factory=Planning)

    @property
    def scores(self) -> Floats:
        """How the demand of the coming periods goes together, [S, horizon]."""
        return path_scores(self.planning.correlation, self.horizon)


def frame_of(config: Config, as_of: int, version: int, planning: Planning) -> Frame:
    """What all lines of a plan share.

    Args:
        config: the one that the pair was trained with.
        as_of: days since 1970-01-01.
        version: of the pair.
        planning: by which policy it plans.
    """
    return Frame(
        as_of,
        config.data.period_days,
        config.windows.review_period,
        config.windows.minimum_history,
        config.windows.history,
        config.demand_forecasting.quantiles,
        config.windows.horizon,
        version,
        planning,
    )
