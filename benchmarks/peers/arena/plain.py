"""Forecasters without any fitting: means and repetitions."""

from __future__ import annotations

import pandas as pd

from benchmarks.peers.arena.task import Task

SEASONS = 4
"""Of which the mean of the same weekdays is taken."""


def recent_mean(task: Task) -> pd.DataFrame:
    """The mean of a series' last periods, those with an empty shelf left out, for every period ahead."""
    dates = pd.Series(task.history["ds"].unique()).sort_values()
    last = _stocked(task.history[task.history["ds"] > dates.iloc[-min(task.facts.recent + 1, len(dates))]])
    means = last.groupby("unique_id")["y"].mean()
    return task.ahead[["unique_id", "ds"]].assign(demand=_of(means, task.ahead, task))


def seasonal_naive(task: Task) -> pd.DataFrame:
    """What was sold a season before; where that is not known, the recent mean."""
    return _seasons(task, 1)


def seasonal_mean(task: Task) -> pd.DataFrame:
    """The mean of the same weekday of the last four weeks; of weekly sales the recent mean with the season of all."""
    if task.facts.season < task.facts.year:
        return _seasons(task, SEASONS)
    history = _stocked(task.history)
    of_date = history.groupby("ds")["y"].mean()
    of_week = of_date.groupby(_week(of_date.index)).mean()
    season = of_week / of_week.mean()
    dates = pd.Series(task.history["ds"].unique()).sort_values()
    last = history[history["ds"] > dates.iloc[-min(task.facts.recent + 1, len(dates))]]
    level = (last["y"] / _factors(season, last["ds"])).groupby(last["unique_id"]).mean()
    demand = _of(level, task.ahead, task) * _factors(season, task.ahead["ds"])
    return task.ahead[["unique_id", "ds"]].assign(demand=demand)


def _week(dates: pd.Index) -> pd.Index:
    return pd.Index(pd.DatetimeIndex(dates).isocalendar().week.to_numpy(int))


def _factors(season: pd.Series, dates: pd.Series) -> pd.Series:
    """Of weeks that nobody has seen, 1."""
    found = season.reindex(_week(pd.Index(dates))).fillna(1.0).clip(lower=0.05)
    return pd.Series(found.to_numpy(), dates.index)


def _seasons(task: Task, count: int) -> pd.DataFrame:
    facts, ahead = task.facts, task.ahead[["unique_id", "ds"]].reset_index(drop=True)
    days_of = 7 if facts.frequency.startswith("W") else 1
    sold = _stocked(task.history).set_index(["unique_id", "ds"])["y"]
    step = (ahead["ds"] - task.history["ds"].max()).dt.days.to_numpy() // days_of
    # Seasons back to the last one that lies before the origin.
    back = -(-step // facts.season)
    found = []
    for season in range(count):
        days = (back + season) * facts.season * days_of
        then = ahead["ds"] - pd.to_timedelta(days, unit="D")
        found.append(sold.reindex(pd.MultiIndex.from_arrays([ahead["unique_id"], then])).to_numpy())
    demand = pd.concat([pd.Series(values) for values in found], axis=1).mean(axis=1)
    return ahead.assign(demand=demand.fillna(recent_mean(task)["demand"].reset_index(drop=True)))


def _stocked(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["stocked"] >= 1.0]


def _of(means: pd.Series, ahead: pd.DataFrame, task: Task) -> pd.Series:
    """A mean for each row; of series that were never fully stocked of late, the mean of all they sold."""
    ever = task.history.groupby("unique_id")["y"].mean()
    ids = ahead["unique_id"]
    return ids.map(means).fillna(ids.map(ever)).fillna(0.0)
