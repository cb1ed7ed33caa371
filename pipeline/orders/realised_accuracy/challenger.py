"""Champion and challenger against what came: the same series and periods, the same account of money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
from psycopg.rows import class_row

from contracts.rows import SERIES_KEYS
from inventory.cycle import realised_cost
from inventory.forecast_plan import Terms
from store.loading import merge_rows

_CORRECTED = 28
"""Newest periods whose plans are scored again, since files may still correct what they told of them."""
_SUMS = (
    "observed", "units", "champion_forecast", "champion_error", "challenger_forecast", "challenger_error",
)  # fmt: skip


@dataclass(frozen=True)
class ScoredPlan:
    """Both pairs' plans of a date, over the series whose protection interval is over; units and money.

    Attributes:
        lines: series that are compared, scored or not.
        interval: the longest protection interval of these, periods.
        units, *_forecast, *_error: as of the table ``challenger_scores``, summed.
    """

    as_of: date
    lines: int
    scored: int
    units: float
    champion_forecast: float
    champion_error: float
    challenger_forecast: float
    challenger_error: float
    champion_cost: float
    challenger_cost: float
    interval: int


@dataclass(frozen=True)
class Beside:
    """Both pairs beside each other; fractions and money; None where nothing can be said yet.

    Attributes:
        champion, challenger: versions.
        plans: that are scored.
        champion_wape, challenger_wape, champion_bias, challenger_bias: as of ``Realised``, over protection intervals.
        champion_cost, challenger_cost: of what both order from the usual shelf, money.
    """

    champion: int
    challenger: int
    plans: int
    champion_wape: float | None
    challenger_wape: float | None
    champion_bias: float | None
    challenger_bias: float | None
    champion_cost: float
    challenger_cost: float

    @classmethod
    def of(cls, champion: int, challenger: int, plans: Sequence[ScoredPlan]) -> Beside:
        total = {
            name: sum(getattr(plan, name) for plan in plans)
            for name in (*_SUMS[1:], "champion_cost", "challenger_cost")
        }
        units = total["units"]

        def share(value: float) -> float | None:
            return value / units if units else None

        return cls(
            champion,
            challenger,
            len(plans),
            share(total["champion_error"]),
            share(total["challenger_error"]),
            share(total["champion_forecast"] - units),
            share(total["challenger_forecast"] - units),
            total["champion_cost"],
            total["challenger_cost"],
        )


def score_challenger(connection: psycopg.Connection, champion: int, challenger: int) -> Beside:
    """Scores the plans of both pairs, inside the caller's transaction.

    Args:
        connection: as a writer; the store has what happened.
        champion: version of the pair that serves.
        challenger: of the other one.
    """
    cycles = _cycles(connection, champion, challenger)
    if len(cycles):
        merge_rows(connection, "challenger_scores", _scores(cycles), ["as_of", *SERIES_KEYS])
    return Beside.of(champion, challenger, scored_plans(connection, champion, challenger))


def scored_plans(
    connection: psycopg.Connection, champion: int, challenger: int, canary: bool = False
) -> Sequence[ScoredPlan]:
    """Every scored plan of a challenger beside that of the champion, oldest first.

    Args:
        champion, challenger: as of ``score_challenger``.
        canary: of the stores that the challenger ordered for alone.
    """
    with connection.cursor(row_factory=class_row(ScoredPlan)) as cursor:
        asked = {"champion": champion, "challenger": challenger, "canary": canary}
        return cursor.execute(_sql("challenger_totals.sql"), asked).fetchall()


def ordered_stores(connection: psycopg.Connection, challenger: int) -> int:
    """How many stores a challenger orders for in its newest plan."""
    found = connection.execute(
        "SELECT count(DISTINCT store_id) FROM challenger_lines JOIN challenger_plans USING (as_of) "
        "WHERE canary AND challenger = %(challenger)s "
        "AND as_of = (SELECT max(as_of) FROM challenger_plans WHERE challenger = %(challenger)s)",
        {"challenger": challenger},
    ).fetchone()
    return found[0] if found else 0


def _cycles(connection: psycopg.Connection, champion: int, challenger: int) -> pd.DataFrame:
    newest = connection.execute(
        "SELECT max(a.date), max(p.period_days) FROM actuals a, plans p WHERE a.units_sold IS NOT NULL"
    ).fetchone()
    last, days = newest or (None, None)
    again = last - timedelta(days=_CORRECTED * days) if last else None
    cursor = connection.execute(
        _sql("challenger_cycles.sql"), {"champion": champion, "challenger": challenger, "again": again}
    )
    columns = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=columns)


def _scores(cycles: pd.DataFrame) -> pa.Table:
    """Rows of the table ``challenger_scores``."""
    longest = int((cycles["lead_time"] + cycles["review_period"]).max())
    demand = np.zeros((len(cycles), longest))
    for i, units in enumerate(cycles["demand"]):
        demand[i, : len(units)] = units
    count = len(cycles)
    terms = Terms(
        cycles["lead_time"].to_numpy(np.int64),
        cycles["holding_cost"].to_numpy(np.float64),
        cycles["shortage_cost"].to_numpy(np.float64),
        # Orders are as they are.
        np.ones(count),
        np.zeros(count),
        np.full(count, np.nan),
        cycles["presentation_stock"].to_numpy(np.float64),
        cycles["shelf_life"].to_numpy(np.float64, na_value=np.nan),
        cycles["waste_cost"].to_numpy(np.float64),
    )
    shelf, review = cycles["shelf"].to_numpy(np.float64), cycles["review_period"].to_numpy(np.int64)
    costs = {
        f"{pair}_cost": realised_cost(
            demand, shelf, cycles[f"{pair}_order"].to_numpy(np.float64), terms, review
        )
        for pair in ("champion", "challenger")
    }
    scores = cycles[["as_of", *SERIES_KEYS, *_SUMS]].assign(**costs)
    came = pa.array(cycles["demand"].tolist(), pa.list_(pa.float64()))
    return pa.Table.from_pandas(scores, preserve_index=False).append_column("demand", came)


def _sql(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()
