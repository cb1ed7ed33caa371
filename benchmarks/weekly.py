"""Weekly sales end to end: run, plan and actuals on VN2 with default settings, and the plan's forecasts beside others.

    python -m benchmarks.weekly --data FOLDER

The last weeks are kept away from all: the pipeline runs and plans as of the week before them, and the peers see the
same history. Then `actuals` holds what came against the plan. Errors are taken where the shelf was full all week. Of
the plan its median counts, as in the pipeline's own WAPE. Nobody knows anything of the weeks to come but the calendar.
LightGBM runs in .venv-peers (`make bench-setup`).
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks import vn2
from benchmarks.harness import forecast_errors, measure
from benchmarks.harness.report import Report
from contracts.arrays import Floats
from contracts.columns import quantile_column
from trainers.options import DemandOptions

PEERS_PYTHON = Path(__file__).parents[1] / ".venv-peers" / "bin" / "python"
SEASON, RECENT = 52, 13
_SERIES = ["store_id", "product_id"]
_RESULTS = re.compile(r"\d+ plan\(s\)|cost:")
"""Lines of ``actuals`` that say what became of the plan, after the notes of what was read."""


def seasonal_naive(units: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """What was sold in the same week of the year before; the mean of the last weeks where that is not known.

    Args:
        units: sold, series in rows, weeks in columns; NaN where unknown.
        weeks: how many to forecast.
    """
    ahead = _ahead(units, weeks)
    naive = units.reindex(columns=ahead - pd.Timedelta(weeks=SEASON)).set_axis(ahead, axis=1)
    recent = units.iloc[:, -4:].mean(axis=1).fillna(0.0)
    return pd.DataFrame(naive.apply(lambda week: week.fillna(recent)))


def seasonal_mean(units: pd.DataFrame, weeks: int) -> pd.DataFrame:
    """Mean of a series' last 13 weeks, with the season of all series taken off it and put on again.

    The season of a week of the year is the mean over the series of its weeks, relative to the mean of them all.
    """
    of_date = pd.Series(units.mean().to_numpy(), _dates(units).isocalendar().week.to_numpy())
    of_week = of_date.groupby(level=0).mean()
    season = of_week / of_week.mean()

    def factors(dates: pd.DatetimeIndex) -> Floats:
        return season.reindex(dates.isocalendar().week.to_numpy()).fillna(1.0).to_numpy()

    ahead = _ahead(units, weeks)
    known = units.iloc[:, -RECENT:]
    level = known.div(factors(_dates(known)), axis=1).mean(axis=1).fillna(0.0)
    return pd.DataFrame(np.outer(level, factors(ahead)), units.index, ahead)


def _dates(units: pd.DataFrame) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(units.columns)


def _ahead(units: pd.DataFrame, weeks: int) -> pd.DatetimeIndex:
    last = _dates(units)[-1]
    return pd.DatetimeIndex([last + pd.Timedelta(weeks=week) for week in range(1, weeks + 1)])


def _long(forecast: pd.DataFrame) -> pd.DataFrame:
    return forecast.reset_index().melt(_SERIES, var_name="date", value_name="demand")


def planned(path: Path) -> pd.DataFrame:
    """The forecasts of a plan: keys, ``demand`` (the median, units) and a column for each quantile."""
    table: pd.DataFrame = pq.read_table(path).to_pandas()
    quantiles = np.stack(table["quantiles"].tolist())
    levels = DemandOptions().quantiles
    named = {quantile_column(level): quantiles[:, i] for i, level in enumerate(levels)}
    table = table.assign(date=pd.to_datetime(table["date"]), demand=quantiles[:, levels.index(0.5)], **named)
    return table.drop(columns=["as_of", "mean", "quantiles"])


def pipeline(
    data: Path, folder: Path, origin: pd.Timestamp
) -> tuple[pd.DataFrame, dict[str, float], list[str]]:
    """Runs, plans and takes up what came; the plan's forecasts, seconds by command, and what `actuals` says.

    Raises:
        RuntimeError: a command failed, or the gate refused the pair.
    """
    config, workspace, day = folder / "config.yaml", folder / "workspace", origin.date().isoformat()
    config.write_text("data: {frequency: W}\n")
    arguments = ["--data", str(data), "--workspace", str(workspace), "--config", str(config)]
    seconds = {}
    for name, further in (("run", ["--as-of", day]), ("plan", ["--as-of", day]), ("actuals", [])):
        command = [sys.executable, "-m", "pipeline", name, *arguments, *further]
        seconds[name] = measure.command(command, os.environ, folder / f"{name}.log").seconds
    return (
        planned(workspace / "plans" / day / "forecasts.parquet"),
        seconds,
        [line for line in (folder / "actuals.log").read_text().splitlines() if _RESULTS.match(line)],
    )


def peers(known: pd.DataFrame, folder: Path, weeks: int) -> dict[str, pd.DataFrame]:
    """Forecasts by method from what is known."""
    units = known.pivot_table("units_sold", _SERIES, "date", dropna=False).astype(float)
    stocked = known.pivot_table("in_stock", _SERIES, "date", dropna=False) >= 1
    source, out = folder / "known.parquet", folder / "lightgbm.parquet"
    known.to_parquet(source, index=False)
    command = [
        str(PEERS_PYTHON),
        "-m",
        "benchmarks.peers.weekly",
        str(source),
        str(out),
        "--weeks",
        str(weeks),
    ]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    measure.command(command, environment, folder / "lightgbm.log")
    return {
        "LightGBM, weeks with an empty shelf left out": pd.read_parquet(out),
        "seasonal mean of 13 weeks": _long(seasonal_mean(units.where(stocked), weeks)),
        "seasonal naive": _long(seasonal_naive(units, weeks)),
    }


def main() -> None:
    """Prints one table and writes results/weekly.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with history.parquet and master.parquet"
    )
    parser.add_argument("--weeks", type=int, default=6, help="kept away at the end")
    options = parser.parse_args()
    if not PEERS_PYTHON.exists():
        parser.exit(2, "The peers' environment is missing: run `make bench-setup`\n")
    with tempfile.TemporaryDirectory(prefix="weekly-") as name:
        folder = Path(name)
        vn2.convert(options.data, folder / "data")
        sales = pd.read_parquet(folder / "data" / "sales_data.parquet").astype(dict.fromkeys(_SERIES, str))
        sales["date"] = pd.to_datetime(sales["date"])
        products = pd.read_parquet(folder / "data" / "products.parquet").astype({"product_id": str})
        origin = sales["date"].max() - pd.Timedelta(weeks=options.weeks)
        forecast, seconds, lines = pipeline(folder / "data", folder, origin)
        known = sales[sales["date"] <= origin].merge(products[["product_id", "category"]], on="product_id")
        found = {"this pipeline, the plan's forecasts": forecast} | peers(known, folder, options.weeks)
        later = sales[sales["date"] > origin].rename(columns={"units_sold": "units", "in_stock": "stocked"})
    forecast_for = set(zip(forecast["store_id"], forecast["product_id"], strict=True))
    later = later[[key in forecast_for for key in zip(later["store_id"], later["product_id"], strict=True)]]
    metrics = {
        name: forecast_errors.metrics(forecast_errors.sums(later, table)) for name, table in found.items()
    }
    report = Report("weekly")
    report.table(
        f"VN2, {options.weeks} weeks after {origin.date()}, {len(forecast_for)} series",
        ["", "WAPE", "bias", "WAPE of all weeks"],
        [
            [name, f"{found['wape']:.2%}", f"{found['bias']:+.2%}", f"{found['wape_all']:.2%}"]
            for name, found in metrics.items()
        ],
    )
    for line in (*lines, ", ".join(f"{name} {taken:.1f} s" for name, taken in seconds.items())):
        report.note(line)
    report.write(
        {"methods": metrics, "seconds": seconds, "origin": str(origin.date()), "weeks": options.weeks}
    )


if __name__ == "__main__":
    main()
