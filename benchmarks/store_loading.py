"""Loading a run's metrics and a plan of many series into PostgreSQL, beside pandas.DataFrame.to_sql.

    python -m benchmarks.store_loading --series 50000

Everything that a run and a plan write: metrics of 900 stores, forecasts of 14 days at 7 levels, order lines, the
series, and 56 days of what happened. pandas writes a part of the forecasts, and its time is taken times the rest.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import ARRAY, REAL, Boolean

from benchmarks.harness.report import Report
from components.metrics_exporter.exporting import begin_run, export_tables
from components.metrics_exporter.tables import metric_table
from contracts.dates import to_days
from pipeline.orders.forecast_rows import forecast_rows
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.overrides import NO_OVERRIDES, apply_overrides
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from store.connections import connect
from store.loading import merge_rows, replace_rows
from store.migrating import SCHEMA, engine
from store.server import EmbeddedServer

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
HORIZON, HISTORY, STORES = 14, 56, 900
AS_OF = date(2026, 1, 31)
_PANDAS_ROWS = 20_000


def _scored(count: int, rng: np.random.Generator) -> pa.Table:
    """Series as the models would answer."""
    mean = rng.gamma(2.0, 2.0, count)
    spread = np.sort(rng.gamma(2.0, 1.0, (count, HORIZON, len(LEVELS))), axis=2).reshape(count, -1)
    flat = pa.array(spread.reshape(-1).astype(np.float32))
    offsets = np.arange(0, len(flat) + 1, spread.shape[1], dtype=np.int32)
    day = float(to_days(AS_OF))
    constant = {
        "lead_time": 2.0, "pack_size": 6.0, "minimum_order_quantity": 0.0, "maximum_order_quantity": np.nan,
        "holding_cost": 1.0, "shortage_cost": 9.0, "unit_cost": 3.0, "last_known": day, "stock_date": day,
        "order_date": day, "sold_since": 0.0, "on_order": 0.0, "history": float(HISTORY), "open_share": 1.0,
    }  # fmt: skip
    columns = {name: pa.array(np.full(count, value)) for name, value in constant.items()}
    columns |= {
        name: pa.array(mean * factor) for name, factor in (("mean", 1.0), ("peak", 4.0), ("on_hand", 5.0))
    }
    columns |= {name: pa.array(mean * 12) for name in ("base_stock_level", "model_level")}
    stores = [f"S{i % STORES:04d}" for i in range(count)]
    products = [f"P{i // STORES:05d}" for i in range(count)]
    texts = {"store_id": stores, "product_id": products, "category": ["all"] * count}
    unplanned = pa.array([[None] * HORIZON] * count, pa.list_(pa.float32()))
    lists = {"quantiles": pa.ListArray.from_arrays(offsets, flat), "promotion_units": unplanned}
    return pa.table({**texts, **columns, **lists})


def _actuals(scored: pa.Table, rng: np.random.Generator) -> pa.Table:
    count = scored.num_rows
    which = pa.array(np.repeat(np.arange(count), HISTORY))
    days = np.tile(np.arange(HISTORY), count) + to_days(AS_OF) - HISTORY + 1
    units = rng.poisson(4, count * HISTORY).astype(np.float32)
    return pa.table(
        {
            "store_id": scored["store_id"].take(which),
            "product_id": scored["product_id"].take(which),
            "date": pa.array(days.astype(np.int32)).cast(pa.date32()),
            "units_sold": units,
            "in_stock": np.ones(len(units), np.float32),
            "on_hand": units,
        }
    )


def _metrics(rng: np.random.Generator) -> pa.Table:
    names = [
        f"{prefix}{name}" for prefix in ("", "seasonal_naive_") for name in ("wape", "bias", "mae", "rmse")
    ]
    slices = {
        f"store_id=S{i:04d}": dict(zip(names, rng.uniform(size=len(names)), strict=True))
        for i in range(STORES)
    }
    return metric_table("run", {"demand_forecasting": {"candidate": slices}})


def main() -> None:
    """Prints one table and writes results/store_loading.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--series", type=int, default=50_000)
    options = parser.parse_args()
    rng = np.random.default_rng(7)
    frame = Frame(to_days(AS_OF), 1, 7, 14, HISTORY, LEVELS, HORIZON, 1)
    scored = _scored(options.series, rng)
    mean = mean_demand(scored, frame)
    position = stock_position(scored, no_orders(), frame, PlanOptions())
    lines = apply_overrides(order_lines(scored, mean, position, frame, PlanOptions()), NO_OVERRIDES.rows)
    forecasts, actuals, metrics = (
        forecast_rows(scored, mean, frame, None),
        _actuals(scored, rng),
        _metrics(rng),
    )
    series = ["store_id", "product_id", "category", "unit_cost", "holding_cost", "shortage_cost"]
    known = scored.select(series).append_column("lead_time", pa.array(np.full(options.series, 2)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="store-loading-") as folder,
        EmbeddedServer(Path(folder)).serving() as connections,
        connect(connections.writer) as connection,
    ):

        def timed(name: str, rows: pa.Table, *key: str) -> None:
            began = time.perf_counter()
            if key:
                merge_rows(connection, name, rows, key)
            else:
                replace_rows(connection, name, rows, {"as_of": AS_OF})
            connection.commit()
            seconds[name] = time.perf_counter() - began

        begin_run(connection, "run", 1)
        connection.execute(
            "INSERT INTO plans VALUES (%s, now(), 1, 1, %s, 1, 7, 28, 7)", [AS_OF, list(LEVELS)]
        )
        began = time.perf_counter()
        export_tables(connection, "run", {"metrics": metrics})
        connection.commit()
        seconds["metrics"] = time.perf_counter() - began
        timed("series", known, "store_id", "product_id")
        timed("order_lines", lines)
        timed("forecasts", forecasts)
        timed("actuals", actuals, "store_id", "product_id", "date")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        part = forecasts.slice(0, min(_PANDAS_ROWS, forecasts.num_rows)).to_pandas()
        part["as_of"] = AS_OF + timedelta(days=1)
        connection.execute(
            "INSERT INTO plans VALUES (%s, now(), 1, 1, %s, 1, 7, 28, 7)", [part["as_of"][0], list(LEVELS)]
        )
        connection.commit()
        part["quantiles"] = part["quantiles"].map(list)
        began = time.perf_counter()
        part.to_sql(
            "forecasts",
            engine(connections.writer),
            schema=SCHEMA,
            if_exists="append",
            index=False,
            dtype={"quantiles": ARRAY(REAL), "on_promotion": Boolean()},
        )
        theirs = (time.perf_counter() - began) * forecasts.num_rows / len(part)
    counts = {
        "metrics": metrics.num_rows, "series": known.num_rows, "order_lines": lines.num_rows,
        "forecasts": forecasts.num_rows, "actuals": actuals.num_rows,
    }  # fmt: skip
    report = Report("store_loading")
    report.table(
        f"Loading a run's metrics and a plan of {options.series:,} series",
        ["table", "rows", "seconds"],
        [
            *([name, f"{counts[name]:,}", f"{spent:.1f}"] for name, spent in seconds.items()),
            ["all", f"{sum(counts.values()):,}", f"{sum(seconds.values()):.1f}"],
            [f"forecasts by to_sql, from {len(part):,}", f"{forecasts.num_rows:,}", f"{theirs:.1f}"],
            ["ratio, forecasts", "", f"{theirs / seconds['forecasts']:.1f}x"],
        ],
    )
    report.note(f"Peak memory {peak:,.0f} MiB, {before:,.0f} MiB of it before loading began.")
    results = {"series": options.series, "rows": counts, "seconds": seconds, "to_sql_seconds": theirs}
    report.write({**results, "peak_mib": peak, "before_mib": before})


if __name__ == "__main__":
    main()
