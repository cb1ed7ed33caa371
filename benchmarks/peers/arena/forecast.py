"""What a forecaster says."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from benchmarks.peers.arena.task import Task


@dataclass(frozen=True)
class Forecast:
    """A forecast of a task.

    Attributes:
        table: unique_id, ds, ``review`` (its number, from 0), ``demand`` (units, 0 or more), and ``quantile_<level>``
            where the method has some.
        train, predict: seconds, the latter of one review.
    """

    table: pd.DataFrame
    train: float = 0.0
    predict: float = 0.0


def anew(method: Callable[[Task], pd.DataFrame], task: Task) -> Forecast:
    """The forecasts of a method that needs no fitting, which begins anew at each review.

    Args:
        method: gives unique_id, ds and demand of the periods ahead.
        task: with its reviews.
    """
    begun = time.perf_counter()
    tables = [method(task.at(review)).assign(review=review) for review in range(len(task.facts.reviews))]
    return Forecast(pd.concat(tables, ignore_index=True), 0.0, (time.perf_counter() - begun) / len(tables))
