"""What a decision is made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Pair:
    """The pair that serves.

    Attributes:
        version: in the serving directory.
        pushed_at: when, with its time zone.
        last_date: of the rows that it was made from.
        wape, bias: what the gate saw of its demand model; None where its manifest does not say.
    """

    version: int
    pushed_at: datetime
    last_date: date
    wape: float | None
    bias: float | None


@dataclass(frozen=True)
class Period:
    """All forecasts of one period by the newest plan before it, against what came; units, of observed series alone.

    Attributes:
        version: of the demand model that forecast.
        forecasts: series that were forecast.
        observed: those of them whose sales are known and were never out of stock.
        forecast: sum of the middle forecasts.
        absolute_error: sum of |forecast - units|.
    """

    date: date
    version: int
    forecasts: int
    observed: int
    units: float
    forecast: float
    absolute_error: float

    @property
    def wape(self) -> float:
        return self.absolute_error / self.units

    @property
    def bias(self) -> float:
        return (self.forecast - self.units) / self.units


@dataclass(frozen=True)
class Training:
    """A training run: when it began, how it ended (``running`` while it runs), and from which data."""

    began: datetime
    status: str
    last_date: date | None = None
    span: int | None = None


@dataclass(frozen=True)
class Figures:
    """Everything that is weighed.

    Attributes:
        period_days: 1: daily, 7: weekly.
        pair: None where none was ever pushed.
        periods: scored ones of all pairs, oldest first.
        drifted: features in which the data gate found drift in each of the newest planning runs.
        drift_runs: how many such runs there are since the pair was pushed, at most as many as are asked for.
        schema_changes: what of the schema, or of the columns, is not as it was for the pair.
        new_share: share of the newest units in stores and products that the pair does not know; None where unknown.
        newest_date, newest_span: of the data that are there; None where unknown.
        trainings: the newest first.
        asked_at: when a training was asked for last.
        challenger: version of the pair that is tried beside the one that serves, and on which will be decided; None:
            there is none.
    """

    period_days: int
    pair: Pair | None
    periods: Sequence[Period] = ()
    drifted: Sequence[str] = ()
    drift_runs: int = 0
    schema_changes: Sequence[str] = ()
    new_share: float | None = None
    newest_date: date | None = None
    newest_span: int | None = None
    trainings: Sequence[Training] = ()
    asked_at: datetime | None = None
    challenger: int | None = None
