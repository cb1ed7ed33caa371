"""What a plan of prices and promotions is worth, and whether what was judged is what runs.

    python -m benchmarks.gates.known_ahead

The sample's retailer trains as of four weeks before its last sale, plans then and in each of the three weeks after,
with the plan of prices that it had, and scores the forecasts by what came. Beside it stands the same without
planned_prices, and with training that never hides the plan. "Judged" are the gate's measures of the same pair at the
same origins, on windows cut from the files as they were in the end. The gate does not ask for cheaper orders here, so
that each pair serves.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import pandas as pd
import yaml

from benchmarks.harness import measure
from benchmarks.harness.report import Report
from components.example_generation.folder import read_folder
from components.windowing.cutting import Shard
from components.windowing.encoding import write_examples
from components.windowing.serving import with_known_future
from contracts import files
from contracts.dates import to_days
from contracts.models import DEMAND
from pipeline.config import load_config
from pipeline.inputs.pair_features import trained_features
from pipeline.sample_data.files import write_sample_data
from pipeline.workspace import Workspace
from serving.directory.layout import model_folder, read_state
from store.connections import connect
from store.opening import opened
from trainers.demand_forecasting.evaluate import evaluate

WEEKS = 4
KEYS = ["store_id", "product_id", "date"]
_ERRORS = "SELECT sum(absolute_error) / sum(units), sum(forecast) / sum(units) - 1 FROM realised"
_OPEN: dict[str, Any] = {
    "gate": {"base_stock_cost": 1.0, "other_cost": 1.0, "replenishment_skill": -1.0, "fill_rate_margin": 1.0}
}
VARIANTS: dict[str, dict[str, Any]] = {
    "with planned_prices": {},
    "without": {},
    "with, never hidden in training": {
        "demand_forecasting": {"unplanned_rate": 0},
        "replenishment_optimization": {"unplanned_rate": 0},
    },
}


@dataclass(frozen=True)
class Lived:
    """A workspace with four weeks of plans, and the files and settings that it was made with."""

    workspace: Workspace
    data: Path
    config: Path
    dates: list[date]


def live(folder: Path, data: Path, settings: dict[str, Any]) -> Lived:
    """Runs, plans and scores, each as a user would."""
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(_OPEN | settings))
    last = pd.read_csv(data / "sales_data.csv", usecols=["date"], parse_dates=["date"]).date.max().date()
    dates = [last - timedelta(weeks=weeks) for weeks in range(WEEKS, 0, -1)]
    workspace = folder / "workspace"
    given = ["--data", str(data), "--workspace", str(workspace), "--config", str(config)]
    for name, *extra in (
        ("run", "--as-of", str(dates[0])),
        *(("plan", "--as-of", str(day)) for day in dates),
        ("actuals",),
    ):
        command = [sys.executable, "-m", "pipeline", name, *given, *extra]
        measure.command(command, os.environ, folder / "log.txt")
    return Lived(Workspace(workspace), data, config, dates)


def judged(lived: Lived, folder: Path) -> tuple[float, float]:
    """WAPE and bias of the pair at the plans' origins, as the gate measures them."""
    config = load_config(lived.config)
    root = lived.workspace.serving
    version = read_state(root).stable or 0
    space = trained_features(root, version)
    read = read_folder(lived.data, config.data)
    rows, _ = with_known_future(read.rows, read.future, space)
    shard = Shard(rows, space, config.windows.model_copy(update={"minimum_history": 1}))
    file = str(folder / "windows.gz")
    origins = np.array([to_days(day) for day in lived.dates])
    write_examples(file, shard.labelled(origins), space.raw_features())
    found = evaluate(str(model_folder(root, version, DEMAND)), [file], space)
    return found["wape"], found["bias"]


def realised(lived: Lived) -> tuple[float, float]:
    """The same of the plans' forecasts, as the store has them."""
    with opened(lived.workspace.store) as connections, connect(connections.reader or "") as connection:
        wape, bias = connection.execute(_ERRORS).fetchone() or (np.nan, np.nan)
    return float(wape), float(bias)


def promoted(lived: Lived) -> dict[str, float]:
    """Of the plans' windows with a promotion: their number of days, bias of median and mean, coverage of the highest.

    Of the highest quantile, 0.95; on fully stocked days.
    """
    levels = list(load_config(lived.config).demand_forecasting.quantiles)
    parts = [pd.read_parquet(lived.workspace.plan(day) / files.FORECASTS) for day in lived.dates]
    forecasts = pd.concat(parts).drop(columns="on_promotion").astype({"date": "datetime64[ns]"})
    quantiles = np.array(forecasts["quantiles"].tolist())
    forecasts["median"], forecasts["highest"] = quantiles[:, levels.index(0.5)], quantiles[:, -1]
    sales = pd.read_csv(lived.data / "sales_data.csv", parse_dates=["date"])
    joined = forecasts.merge(sales, on=KEYS)
    joined = joined[joined.in_stock >= 1]
    of_window = joined.groupby(["as_of", "store_id", "product_id"]).on_promotion
    chosen = joined[of_window.transform("max") > 0]
    units = chosen.units_sold.sum()
    return {
        "days": float(len(chosen)),
        "bias_median": chosen["median"].sum() / units - 1,
        "bias_mean": chosen["mean"].sum() / units - 1,
        "coverage": float((chosen.units_sold <= chosen.highest).mean()),
        "wape": (chosen["median"] - chosen.units_sold).abs().sum() / units,
    }


def main() -> None:
    """Prints both tables and writes results/known_ahead.json."""
    report, results = Report("known_ahead"), dict[str, Any]()
    with tempfile.TemporaryDirectory(prefix="known-ahead-") as name:
        root = Path(name)
        write_sample_data(root / "data")
        for number, (variant, settings) in enumerate(VARIANTS.items()):
            folder = root / str(number)
            data = shutil.copytree(root / "data", folder / "data")
            if variant == "without":
                (data / "planned_prices.csv").unlink()
            lived = live(folder, data, settings)
            results[variant] = {
                "judged": judged(lived, folder), "realised": realised(lived), "promoted": promoted(lived)
            }  # fmt: skip
    columns = ["", "WAPE judged", "realised", "bias judged", "realised"]
    lines = [
        [variant, *(f"{found[which][i]:.4%}" for i in (0, 1) for which in ("judged", "realised"))]
        for variant, found in results.items()
    ]
    report.table("Forecasts of four plans on the sample, fully stocked days", columns, lines)
    columns = ["", "days", "WAPE", "bias of the median", "of the mean", "below quantile 0.95"]
    lines = [
        [
            variant,
            f"{found['promoted']['days']:,.0f}",
            *(f"{found['promoted'][key]:.1%}" for key in ("wape", "bias_median", "bias_mean", "coverage")),
        ]
        for variant, found in results.items()
    ]
    report.table("The same, of windows with a promotion", columns, lines)
    report.write({"variants": results})


if __name__ == "__main__":
    main()
