"""Joins what happened to earlier forecasts and orders, in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files

import pandas as pd
import psycopg
import pyarrow as pa
from psycopg.rows import dict_row

from pipeline.orders.realised_accuracy.anomalies import demand_anomalies
from store.actuals import digests_of, merge_actuals
from store.loading import merge_rows

_LOOKED_AT = 28
"""Newest periods in which demand anomalies are looked for."""


@dataclass(frozen=True)
class Realised:
    """What became of the plans; fractions; None where nothing can be said yet.

    Attributes:
        plans: how many have known periods.
        wape: sum of absolute errors of the middle forecast over the units, on fully stocked periods.
        bias: (forecast - actual) / actual, on the same periods.
        inside: share of those periods within the outer quantiles.
        fill_rate: units sold over units sold and lost, the lost ones estimated.
        holding_cost, shortage_cost: money, of the periods whose stock is known.
        overridden: lines that were overridden and whose protection interval is over.
        proposed_cost, ordered_cost: what these would have cost as proposed, and cost as ordered; money.
        anomalies: rows of ``demand_anomalies``.
    """

    plans: int
    wape: float | None
    bias: float | None
    inside: float | None
    fill_rate: float | None
    holding_cost: float | None
    shortage_cost: float | None
    overridden: int
    proposed_cost: float | None
    ordered_cost: float | None
    anomalies: pd.DataFrame


_TOTALS = """
SELECT count(DISTINCT as_of) AS plans, sum(absolute_error) / nullif(sum(units), 0) AS wape,
       (sum(forecast) - sum(units)) / nullif(sum(units), 0) AS bias,
       1 - sum(below + above)::double precision / nullif(sum(observed), 0) AS inside,
       sum(units_sold) / nullif(sum(units_sold + units_lost), 0) AS fill_rate,
       sum(holding_cost) AS holding_cost, sum(shortage_cost) AS shortage_cost
FROM realised
"""
_OVERRIDES = """
SELECT count(*) AS overridden, sum(proposed_cost) AS proposed_cost, sum(ordered_cost) AS ordered_cost FROM order_scores
"""


def realise(connection: psycopg.Connection, rows: list[pa.Table]) -> Realised:
    """Takes up what happened and scores every plan anew, inside the caller's transaction.

    Args:
        connection: as a writer.
        rows: of the table ``actuals``.
    """
    if rows:
        merge_actuals(connection, rows, digests_of(rows))
    connection.execute("ANALYZE actuals")
    for name in ("realised.sql", "order_scores.sql"):
        connection.execute(_sql(name))
    anomalies = demand_anomalies(_outside(connection))
    connection.execute("DELETE FROM demand_anomalies")
    merge_rows(
        connection,
        "demand_anomalies",
        pa.Table.from_pandas(anomalies, preserve_index=False),
        ["level", "store_id", "product_id", "side"],
    )
    with connection.cursor(row_factory=dict_row) as cursor:
        totals = cursor.execute(_TOTALS).fetchone() or {}
        overrides = cursor.execute(_OVERRIDES).fetchone() or {}
    return Realised(**totals, **overrides, anomalies=anomalies)


def _sql(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()


def _outside(connection: psycopg.Connection) -> pd.DataFrame:
    newest = connection.execute(
        "SELECT max(a.date), max(p.period_days) FROM actuals a, plans p WHERE a.units_sold IS NOT NULL"
    ).fetchone()
    last, days = newest or (None, None)
    query = _sql("outside.sql")
    after = last - timedelta(days=_LOOKED_AT * days) if last else None
    cursor = connection.execute(query, {"after": after})
    columns = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=columns)
