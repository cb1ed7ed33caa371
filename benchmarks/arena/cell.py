"""One data set at one origin: its folder, the forecasts made in it, and what they are worth.

A cell's folder holds the task, each method's forecasts and, once they are whole, its seconds: a run that was ended goes
on with the methods that have none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.arena import orders, ours, scores
from benchmarks.arena.sets import DataSet
from benchmarks.arena.spread import spread_of
from benchmarks.arena.tasks import KEYS, Source, task
from benchmarks.harness import forecast_errors, measure
from benchmarks.peers.arena import plain
from benchmarks.peers.arena.task import Task
from components.policy_comparison.held_out import estimated_demand
from contracts.arrays import Floats
from inventory.forecast_plan import Forecast, Terms
from inventory.paths import path_scores
from trainers.options import DemandOptions

REPOSITORY = Path(__file__).parents[2]
PEERS_PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
CAME = "came.parquet"
PLAIN = {"pack_size": 1.0, "minimum_order_quantity": 0.0, "maximum_order_quantity": np.nan}


@dataclass(frozen=True)
class Cell:
    """A data set's files of the contract in ``data``, and the folder of one of its origins."""

    of: DataSet
    origin: str
    data: Path
    folder: Path

    def prepare(self, source: Source) -> None:
        """Writes the task, unless it is there."""
        if (self.folder / CAME).exists():
            return
        made, came = task(source, pd.Timestamp(self.origin), self.of.asked(), self.of.known)
        made.write(self.folder)
        came.to_parquet(self.folder / CAME, index=False)

    def done(self, method: str) -> bool:
        """Whether a method's forecasts are there."""
        return (self.folder / f"{method}.json").exists()

    def forecast(self, methods: Sequence[str]) -> None:
        """Asks those methods that have not been asked, one at a time."""
        for method in methods:
            if self.done(method):
                continue
            print(f"{self.folder.parent.name}, {self.origin}: {method}", flush=True)
            if method in (ours.MEAN, ours.MEDIAN):
                ours.forecast(self.data, self.folder, self._reviews(), self.of.settings())
            else:
                self._peer(method)

    def _reviews(self) -> list[str]:
        days = 7 if self.of.frequency == "W" else 1
        first = pd.Timestamp(self.origin)
        return [str((first + pd.Timedelta(days=days * step)).date()) for step in self.of.asked().reviews]

    def _peer(self, method: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        # Threads that spin while waiting starve a busy machine.
        environment.setdefault("OMP_WAIT_POLICY", "passive")
        environment["PYTHONPATH"] = str(REPOSITORY)
        command = [str(PEERS_PYTHON), "-m", "benchmarks.peers.arena", str(self.folder), "--methods", method]
        measure.command(command, environment, self.folder / f"{method}.log")

    @cached_property
    def task(self) -> Task:
        """What the methods were given."""
        return Task.read(self.folder)

    @cached_property
    def came(self) -> pd.DataFrame:
        """What came: unique_id, store_id, product_id, date, units, stocked; of generated data ``wanted`` too."""
        return pd.read_parquet(self.folder / CAME)

    def scored(self, method: str, levels: pd.DataFrame | None, play: ModuleType | None) -> dict[str, Any]:
        """All measures of a method, sums that add up over origins among them.

        Args:
            method: one that is done.
            levels: of M5, for its own error.
            play: of VN2, for its own costs.
        """
        said = json.loads((self.folder / f"{method}.json").read_text())
        every, silent = self._said(method)
        forecast = every[every["review"] == 0].drop(columns="review")
        came = self.came[self.came["date"].isin(forecast["date"].unique())]
        actual = came[[*KEYS, "date", "units", "stocked"]]
        keyed = forecast.merge(came[["unique_id", "date", *KEYS]], on=["unique_id", "date"])
        sums = dict(forecast_errors.sums(actual, keyed.drop(columns="unique_id")))
        found: dict[str, Any] = {
            "seconds": said,
            "sums": {name: float(value) for name, value in sums.items()},
        }
        found |= forecast_errors.metrics(sums)
        found["rmsse"] = scores.rmsse(self.task.history, came, forecast)
        if levels is not None:
            found["levels"] = scores.wrmsse(levels, came, forecast)
            found["wrmsse"] = float(np.mean(list(found["levels"].values())))
        if "correlation" in said and "quantile_0.5" in forecast:
            found["sums_of_periods"] = self._interval(came, forecast, said["correlation"])
        found["without_forecast"] = silent
        ids = pd.Index(self.came["unique_id"].unique()).sort_values()
        cost = self._cost(self._implied(method, every, ids), ids, play)
        found["cost"] = asdict(cost) | {"total": cost.total}
        if "sums_of_periods" in found:
            found["cost_own"] = self._cost(self._own(every, said["correlation"], ids), ids, play).total
        return found

    def forecasts(self, method: str, ids: pd.Index) -> list[Forecast]:
        """What the arena's orders go by at each review, of series by unique_id."""
        return self._implied(method, self._said(method)[0], ids)

    def _said(self, method: str) -> tuple[pd.DataFrame, int]:
        """A method's forecasts of all reviews, and of how many series it says nothing at the origin.

        There the recent mean stands in, as nobody plans by nothing.
        """
        found = pd.read_parquet(self.folder / f"{method}.parquet").astype({"ds": "datetime64[ns]"})
        parts, silent = [], 0
        for review in range(len(self.task.facts.reviews)):
            of_review = found[found["review"] == review]
            asked = self.task.ahead_of(review)[["unique_id", "ds"]].assign(review=review)
            told = asked.merge(of_review, how="left", on=["unique_id", "ds", "review"], validate="one_to_one")
            lacking = told["demand"].isna()
            if lacking.any():
                mean = plain.recent_mean(self.task.at(review))
                numbers = [name for name in told if name not in ("unique_id", "ds", "review")]
                for name in numbers:
                    told[name] = told[name].fillna(asked.merge(mean, on=["unique_id", "ds"])["demand"])
                silent += 0 if review else told.loc[lacking, "unique_id"].nunique()
            parts.append(told)
        return pd.concat(parts, ignore_index=True).rename(columns={"ds": "date"}), silent

    def _interval(
        self, came: pd.DataFrame, forecast: pd.DataFrame, correlation: Sequence[float]
    ) -> dict[str, float]:
        levels = DemandOptions().quantiles
        units = self._wide(came.assign(units=came["units"].where(came["stocked"] >= 1.0)), "units")
        each = [self._wide(forecast, f"quantile_{level:g}") for level in levels]
        quantiles = np.stack([table.reindex(units.index).to_numpy() for table in each], axis=2)
        terms = self.of.terms
        periods = min(terms.lead_time + terms.review_period, self.of.horizon)
        return scores.interval_sums(levels, quantiles, correlation, units.to_numpy(), periods)

    @staticmethod
    def _wide(table: pd.DataFrame, column: str) -> pd.DataFrame:
        date = "date" if "date" in table else "ds"
        # A pivot table would sum, and hide a row that is there twice.
        return table.set_index(["unique_id", date])[column].unstack()  # noqa: PD010

    def _implied(self, method: str, every: pd.DataFrame, ids: pd.Index) -> list[Forecast]:
        """What a method says at each review, with the spread of its own errors before the origin."""
        before = self._wide(pd.read_parquet(self.folder / f"{method}_before.parquet"), "demand").reindex(ids)
        late = self.task.history[self.task.history["ds"].isin(before.columns)]
        units = self._wide(late, "y").reindex(index=ids, columns=before.columns).fillna(0.0)
        full = self._wide(late, "stocked").reindex(index=ids, columns=before.columns).fillna(0.0) >= 1.0
        spread = spread_of(before.to_numpy(float), units.to_numpy(float), full.to_numpy())
        return [
            orders.implied(self._wide(table, "demand").reindex(ids).to_numpy(float), spread)
            for _, table in every.groupby("review")
        ]

    def _own(self, every: pd.DataFrame, correlation: Sequence[float], ids: pd.Index) -> list[Forecast]:
        """What a method says at each review, with its own quantiles and their correlation."""
        levels, found = DemandOptions().quantiles, []
        for _, table in every.groupby("review"):
            each = [self._wide(table, f"quantile_{level:g}").reindex(ids) for level in levels]
            quantiles = np.stack([wide.to_numpy(float) for wide in each], axis=2)
            periods = quantiles.shape[1]
            found.append(Forecast(levels, quantiles, path_scores(correlation[:periods], periods)))
        return found

    def _cost(self, forecasts: Sequence[Forecast], ids: pd.Index, play: ModuleType | None) -> orders.Cost:
        """Of the orders that follow from the forecasts of each review."""
        terms, keys = self._terms(ids)
        if play is not None:
            numbers = pd.MultiIndex.from_frame(keys.astype(int), names=KEYS)
            return orders.challenge(play, self.origin, numbers, forecasts, terms)
        last = self.task.history.groupby("unique_id").tail(self.task.facts.recent)
        recent: Floats = last.groupby("unique_id")["y"].mean().reindex(ids).to_numpy(float)
        review = self.of.terms.review_period
        return orders.closed_loop(self._demand(ids), forecasts, recent, terms, review)

    def _demand(self, ids: pd.Index) -> Floats:
        """What customers wanted, units, [N, P]; of public data as the model gate estimates it where shelves ran empty.

        Leaving out the series that ran empty would leave those that sold less than was expected.
        """
        if "wanted" in self.came:
            return self._wide(self.came, "wanted").reindex(ids).to_numpy(float)
        units, stocked = (self._wide(self.came, name).reindex(ids) for name in ("units", "stocked"))
        shares = stocked.to_numpy(float)
        demand, _ = estimated_demand(units.to_numpy(float), shares, np.ones(shares.shape, bool))
        return demand

    def _terms(self, ids: pd.Index) -> tuple[Terms, pd.DataFrame]:
        """The terms of each series, and its store and product."""
        keys = self.came.drop_duplicates("unique_id").set_index("unique_id").loc[ids, KEYS]
        products = Source.read(self.data).products.drop_duplicates("product_id").set_index("product_id")
        usual = {**asdict(self.of.terms), **PLAIN}
        of_product = products.reindex(keys["product_id"])
        column = {
            name: (
                of_product[name].fillna(value) if name in of_product else pd.Series(value, of_product.index)
            ).to_numpy(float)
            for name, value in usual.items()
        }
        return Terms.of_columns(column), keys
