"""A plan in the store: its own row, its lines, and what earlier plans have on its way."""

from __future__ import annotations

from datetime import date, datetime, timezone

import psycopg
import pyarrow as pa

from contracts.dates import to_date, to_days
from contracts.rows import SERIES_KEYS
from pipeline.config import Config
from pipeline.orders.planning.frame import Frame
from pipeline.plan_options import PlanOptions
from store.loading import merge_rows, replace_rows

_SERIES = ("store_id", "product_id", "category", "unit_cost", "holding_cost", "shortage_cost", "lead_time")


def open_orders(
    connection: psycopg.Connection, frame: Frame, options: PlanOptions, series: pa.Table | None = None
) -> pa.Table:
    """What earlier plans ordered and what has not arrived yet, or since the oldest stock that counts.

    Args:
        series: store_id and product_id of those that are looked for; None: all.

    Returns:
        store_id, product_id, placed and arrival (days since 1970-01-01), quantity (units).
    """
    stores, products = (None, None) if series is None else (series[name].to_pylist() for name in SERIES_KEYS)
    found = connection.execute(
        "SELECT store_id, product_id, as_of, arrival, order_quantity FROM order_lines "
        "WHERE as_of < %s AND arrival > %s AND order_quantity > 0 AND "
        "(%s::text[] IS NULL OR (store_id, product_id) IN (SELECT * FROM unnest(%s::text[], %s::text[])))",
        [
            to_date(frame.as_of),
            to_date(frame.as_of - options.stale_periods * frame.period_days),
            stores,
            stores,
            products,
        ],
    ).fetchall()
    store, product, placed, arrival, quantity = zip(*found, strict=True) if found else ([],) * 5
    return pa.table(
        {
            "store_id": pa.array(store, pa.string()),
            "product_id": pa.array(product, pa.string()),
            "placed": pa.array([to_days(day) for day in placed], pa.int64()),
            "arrival": pa.array([to_days(day) for day in arrival], pa.int64()),
            "quantity": pa.array(quantity, pa.float64()),
        }
    )


def keep_plan(connection: psycopg.Connection, as_of: date, config: Config, version: int) -> datetime:
    """The plan's own row, which its forecasts and lines refer to; gives when it says it was made."""
    made_at = datetime.now(timezone.utc)
    connection.execute(
        "INSERT INTO plans VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (as_of) DO UPDATE SET "
        "made_at = EXCLUDED.made_at, demand_version = EXCLUDED.demand_version, "
        "replenishment_version = EXCLUDED.replenishment_version, levels = EXCLUDED.levels, "
        "period_days = EXCLUDED.period_days, review_period = EXCLUDED.review_period, horizon = EXCLUDED.horizon, "
        "season = EXCLUDED.season",
        [
            as_of,
            made_at,
            version,
            version,
            list(config.demand_forecasting.quantiles),
            config.data.period_days,
            config.windows.review_period,
            config.windows.horizon,
            config.windows.season,
        ],
    )
    return made_at


def keep_lines(
    connection: psycopg.Connection, scored: pa.Table, lines: pa.Table, events: pa.Table, as_of: date
) -> None:
    """The lines of a plan, and what is known of the series and of their days."""
    series = scored.select(list(_SERIES))
    lead = series.column_names.index("lead_time")
    series = series.set_column(lead, "lead_time", series["lead_time"].cast(pa.int64()))
    merge_rows(connection, "series", series, SERIES_KEYS)
    events = events.group_by(["store_id", "date", "name"]).aggregate([])
    merge_rows(connection, "events", events, ["store_id", "date", "name"])
    replace_rows(connection, "order_lines", lines, {"as_of": as_of})
