"""statsforecast's models, one a series: exponential smoothing, Theta, Croston."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.peers.arena.forecast import Forecast
from benchmarks.peers.arena.task import Task
from benchmarks.peers.intervals import BANDS, named

LONGEST_SEASON = 24
"""Periods; statsforecast's smoothing takes no longer one, so weekly sales get none."""
YEARS = 3
"""Of history that each series' model is fitted on: more only costs time."""


def auto_ets(task: Task) -> Forecast:
    """Exponential smoothing, its form chosen for each series by an information criterion."""
    from statsforecast.models import AutoETS

    return _fitted(task, AutoETS(season_length=_season(task)), intervals=True)


def auto_theta(task: Task) -> Forecast:
    """The best of four Theta models for each series."""
    from statsforecast.models import AutoTheta

    return _fitted(task, AutoTheta(season_length=_season(task)), intervals=True)


def croston(task: Task) -> Forecast:
    """Croston's method with the correction of Syntetos and Boylan, for demand that comes now and then."""
    from statsforecast.models import CrostonSBA

    return _fitted(task, CrostonSBA(), intervals=False)


def _season(task: Task) -> int:
    return task.facts.season if task.facts.season <= LONGEST_SEASON else 1


def _fitted(task: Task, model: Any, intervals: bool) -> Forecast:
    from statsforecast import StatsForecast

    facts = task.facts
    recent = task.history.groupby("unique_id").tail(YEARS * facts.year)
    begun = time.perf_counter()
    forecaster = StatsForecast(models=[model], freq=facts.frequency, n_jobs=1)
    forecaster.fit(recent[["unique_id", "ds", "y"]])
    trained = time.perf_counter() - begun
    begun = time.perf_counter()
    ahead = forecaster.predict(facts.horizon, level=list(BANDS) if intervals else None)
    predicted = time.perf_counter() - begun
    tables = [named(ahead, repr(model)).assign(review=0)]
    for review in range(1, len(facts.reviews)):
        tables.append(_again(task.at(review), forecaster, model).assign(review=review))
    return Forecast(pd.concat(tables, ignore_index=True), trained, predicted)


def _again(task: Task, forecaster: Any, model: Any) -> pd.DataFrame:
    """At a later review: the fitted parameters run on over what came; a model that has none is fitted again."""
    horizon = task.facts.horizon
    recent = task.history.groupby("unique_id").tail(YEARS * task.facts.year)
    units = {str(name): group.to_numpy() for name, group in recent.groupby("unique_id")["y"]}
    ahead = task.ahead[["unique_id", "ds"]]
    found = {}
    for name, (fitted,) in zip(forecaster.uids, forecaster.fitted_, strict=True):
        if hasattr(fitted, "forward"):
            found[str(name)] = fitted.forward(y=units[str(name)], h=horizon)["mean"]
        else:
            found[str(name)] = model.forecast(y=units[str(name)], h=horizon)["mean"]
    demand = np.concatenate([found[str(name)] for name in ahead["unique_id"].unique()])
    return ahead.assign(demand=np.maximum(demand, 0.0))
