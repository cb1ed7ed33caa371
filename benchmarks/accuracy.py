"""Accuracy on FreshRetailNet-50K (Wang et al. 2025, arXiv:2505.16319, CC BY 4.0), from rolling origins.

    python -m benchmarks.accuracy --data small.parquet --origins 2
    python -m benchmarks.accuracy --data full.parquet --series 5000

At each origin 7 days are held out: the last ones of the data, then those of the week before, and so on. Our pipeline
learns from what lies before and its forecasts stand beside other forecasters', scored by one piece of code. The peers
run in .venv-peers (`make bench-setup`). On fully stocked days sales are demand; on all days a forecast of demand
rightly lies above the sales of a day without stock. What is known ahead is the same for the peers and for us: of
the held-out days the discount, the activity and the holiday, as a retailer's own plans would say; of the weather
nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.harness import forecast_errors, freshretailnet_runs, measure, runs
from benchmarks.harness.report import Report
from benchmarks.peers import daily as peers
from inventory.base_stock import moments_of_quantiles

REPOSITORY = Path(__file__).parent.parent
PEERS_PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
OURS = "this pipeline, median"
OUR_MEAN = "this pipeline, mean"
"""What orders are summed up from: the median of skewed demand lies below its mean."""

COLUMNS = {
    "wape": "WAPE stocked",
    "bias": "bias",
    "wape_all": "WAPE all days",
    "bias_all": "bias",
    "pinball": "pinball",
    "coverage_gap": "worst coverage",
    "train": "train s",
    "predict": "predict s",
}
MANY_SERIES = 10_000
"""Beyond this many, what has to fit each series alone, or one model several times, is left out."""


def methods(series: int) -> list[str]:
    """The peers that a data set of this size can bear."""
    return [key for key in peers.PEERS if series <= MANY_SERIES or key not in ("ets", "lightgbm_intervals")]


def run_peers(source: Path, folder: Path, keys: list[str]) -> dict[str, dict[str, float]]:
    """Writes the peers' forecasts into the folder; returns their seconds."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    # Threads that spin while waiting starve a busy machine.
    environment.setdefault("OMP_WAIT_POLICY", "passive")
    command = [
        str(PEERS_PYTHON),
        "-m",
        "benchmarks.peers.daily",
        str(source),
        str(folder),
        "--methods",
        ",".join(keys),
    ]
    measure.command(command, environment, folder / "peers.log")
    return dict(json.loads((folder / "peers.json").read_text()))


def run_ours(source: Path, folder: Path) -> tuple[pd.DataFrame, dict[str, float], dict[str, Any]]:
    """Our forecasts of the held-out days, the seconds of training and predicting, and the whole run's metrics."""
    run = freshretailnet_runs.run(source, folder)
    forecast, predicting = runs.forecasts(run, folder / "ours.parquet")
    taken = {"train": run.components["DemandTrainer"]["seconds"], "predict": predicting.seconds}
    whole = {"seconds": run.taken.seconds, "peak_gib": run.taken.peak_gib, "components": run.components}
    return forecast.astype({"store_id": "int64", "product_id": "int64"}), taken, whole


def mean_of(forecast: pd.DataFrame) -> pd.DataFrame:
    """The mean that a forecast's quantiles imply, as ``demand``."""
    columns = [name for name in map(str, forecast) if name.startswith(forecast_errors.PREFIX)]
    levels = [float(name.removeprefix(forecast_errors.PREFIX)) for name in columns]
    mean, _ = moments_of_quantiles(levels, forecast[columns].to_numpy())
    return forecast[forecast_errors.KEYS].assign(demand=mean)


def held_out(source: Path) -> pd.DataFrame:
    """The test days: store_id, product_id, date, units, stocked."""
    _, test = peers.split(peers.read(source))
    test = test.rename(columns={"ds": "date", "y": "units"})
    return test[["store_id", "product_id", "date", "units", "stocked"]].astype(
        {"store_id": "int64", "product_id": "int64"}
    )


def shown(metrics: dict[str, float], key: str) -> str:
    """A metric as the table shows it; empty where a method has none."""
    if key not in metrics:
        return ""
    if key in ("bias", "bias_all", "coverage_gap"):
        return f"{metrics[key]:+.1%}"
    return f"{metrics[key]:.1f}" if key in ("train", "predict") else f"{metrics[key]:.4f}"


def main() -> None:
    """Prints one table and writes results/accuracy_<series>.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    freshretailnet_runs.add_data(parser)
    parser.add_argument("--series", type=int, help="so many series, drawn at random; all without it")
    parser.add_argument("--origins", type=int, default=1, help="weeks that are held out, one after the other")
    options = parser.parse_args()
    if not PEERS_PYTHON.exists():
        parser.exit(2, "The peers' environment is missing: run `make bench-setup`\n")
    sums: dict[str, Counter[str]] = {}
    origins: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="accuracy-") as name:
        for origin in range(options.origins):
            folder = Path(name) / str(origin)
            folder.mkdir()
            source = folder / "source.parquet"
            series, rows = freshretailnet_runs.part(options.data, source, options.series, origin)
            actual = held_out(source)
            keys = methods(series)
            seconds = run_peers(source, folder, keys)
            forecasts = {peers.PEERS[key][0]: pd.read_parquet(folder / f"{key}.parquet") for key in keys}
            taken = {peers.PEERS[key][0]: seconds[key] for key in keys}
            forecasts[OURS], taken[OURS], whole = run_ours(source, folder)
            forecasts[OUR_MEAN], taken[OUR_MEAN] = mean_of(forecasts[OURS]), taken[OURS]
            each = {}
            for method, forecast in forecasts.items():
                found = forecast_errors.sums(actual, forecast)
                found.update(taken[method])
                sums.setdefault(method, Counter()).update(found)
                each[method] = {**forecast_errors.metrics(found), **taken[method]}
            last = str(actual["date"].max().date())
            config = freshretailnet_runs.settings(source)
            origins.append({"last_day": last, "rows": rows, "config": config, "methods": each, "run": whole})
    everyone = {
        method: {
            **forecast_errors.metrics(found),
            **{key: found[key] / options.origins for key in ("train", "predict")},
        }
        for method, found in sums.items()
    }
    lines = [[method, *(shown(metrics, key) for key in COLUMNS)] for method, metrics in everyone.items()]
    title = f"FreshRetailNet, {series:,} series, 7 days ahead from {options.origins} origin(s)"
    report = Report(f"accuracy_{series}")
    report.table(title, ["", *COLUMNS.values()], lines)
    for week in origins:
        of = ", ".join(f"{method} {metrics['wape']:.4f}" for method, metrics in week["methods"].items())
        report.note(f"to {week['last_day']}: {of}")
        whole = week["run"]
        report.note(
            f"to {week['last_day']}: our whole run, from files to a judged pair, took {whole['seconds']:.1f} s and "
            f"{whole['peak_gib']:.2f} GiB"
        )
    report.write({"series": series, "methods": everyone, "origins": origins})


if __name__ == "__main__":
    main()
