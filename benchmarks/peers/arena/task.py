"""What a forecaster is given: history up to an origin, what is known of the periods after it, and what it must say.

A task is a folder: task.json (the facts below), history.parquet and later.parquet. Both tables have ``unique_id``,
``ds``, the static columns and those known ahead, ``y`` (units sold) and ``stocked`` (share of the period with stock,
0..1). What came later is read at the reviews after it alone, when orders are placed again; a method is fitted once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

FACTS, HISTORY, LATER = "task.json", "history.parquet", "later.parquet"


@dataclass(frozen=True)
class Facts:
    """What differs between data sets.

    Attributes:
        frequency: of the periods, as pandas calls it: D, W-MON.
        season: periods of the season that the simple methods know: 7 days, 52 weeks.
        recent: periods of the mean of what came last.
        year: periods of a year.
        horizon: periods to forecast.
        loop: periods after the origin in which is ordered, the horizon or more.
        reviews: periods from the origin to each review, beginning with 0.
        known: columns of numbers that are known ahead.
        events: columns of texts that are known ahead, those of the days around included.
        static: columns of texts that belong to a series.
    """

    frequency: str
    season: int
    recent: int
    year: int
    horizon: int
    loop: int
    reviews: tuple[int, ...] = (0,)
    known: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    static: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """The facts with both tables."""

    facts: Facts
    history: pd.DataFrame
    later: pd.DataFrame

    @property
    def ahead(self) -> pd.DataFrame:
        """What is known of the periods to forecast at the origin."""
        return self.ahead_of(0)

    def ahead_of(self, review: int) -> pd.DataFrame:
        """The same at a review: no more than the loop goes on for."""
        begin = self.facts.reviews[review]
        dates = self._dates()[begin : begin + self.facts.horizon]
        rows = self.later[self.later["ds"].isin(dates)]
        return rows.drop(columns=["y", "stocked"]).reset_index(drop=True)

    def came_before(self, review: int) -> pd.DataFrame:
        """Rows that came between the review before and this one."""
        first, last = self.facts.reviews[max(review - 1, 0)], self.facts.reviews[review]
        return self.later[self.later["ds"].isin(self._dates()[first:last])]

    def at(self, review: int) -> Task:
        """The same as of a review, for a method that does not mind beginning anew."""
        begin = self.facts.reviews[review]
        came = self.later["ds"].isin(self._dates()[:begin])
        history = pd.concat([self.history, self.later[came]]).sort_values(
            ["unique_id", "ds"], ignore_index=True
        )
        loop = self.facts.loop - begin
        facts = replace(self.facts, horizon=min(self.facts.horizon, loop), loop=loop, reviews=(0,))
        return Task(facts, history, self.later[~came])

    def before(self) -> Task:
        """The same as of a horizon earlier, for a method's errors before the origin; nothing later is in it."""
        dates = pd.Series(self.history["ds"].unique()).sort_values()
        later = self.history["ds"] > dates.iloc[-self.facts.horizon - 1]
        earlier = self.history[~later]
        # A series that began after the border cannot be asked for.
        asked = self.history[later & self.history["unique_id"].isin(earlier["unique_id"])]
        return Task(replace(self.facts, loop=self.facts.horizon, reviews=(0,)), earlier, asked)

    def _dates(self) -> list[pd.Timestamp]:
        return sorted(self.later["ds"].unique())

    def write(self, folder: Path) -> None:
        """Writes the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FACTS).write_text(json.dumps(asdict(self.facts), indent=2) + "\n")
        self.history.to_parquet(folder / HISTORY, index=False)
        self.later.to_parquet(folder / LATER, index=False)

    @classmethod
    def read(cls, folder: Path) -> Task:
        """Reads what ``write`` wrote."""
        facts: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in json.loads((folder / FACTS).read_text()).items()
        }
        return cls(Facts(**facts), pd.read_parquet(folder / HISTORY), pd.read_parquet(folder / LATER))
