"""Series a second of ``plan``: the whole command, with reading, order lines, files and the store.

    python -m benchmarks.scoring --workspace workspace --data workspace/sample --series 10000

The data are tiled: every product of the folder again under other names, the newest days only. Two sizes are planned,
each in a process of its own, in a workspace that planned the day before; the line through both times separates the
start-up from the time a series takes. The peer is a loop that calls the SavedModels on windows that are encoded
already, one series at a time.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tensorflow as tf
from pyarrow import csv

from benchmarks.harness import measure
from benchmarks.harness.report import Report
from contracts.models import DEMAND
from pipeline.workspace import Workspace
from serving.acceptance import read_acceptance
from serving.directory.layout import model_folder, stable_version
from serving.directory.loading import load_pair
from serving.examples import EXAMPLES, SERIALIZED

DAYS = 90
_SMALL = 8
"""How many times fewer series the smaller of the two plans has."""


def tile(source: Path, target: Path, series: int) -> tuple[int, date]:
    """Writes a folder of data with about that many series; returns how many, and the last date."""
    target.mkdir(parents=True)
    shutil.copy(source / "external_factors.csv", target)
    sales = csv.read_csv(source / "sales_data.csv")
    newest = pc.max(sales["date"]).as_py()
    pairs = sales.group_by(["store_id", "product_id"]).aggregate([]).num_rows
    copies = max(series // pairs, 1)
    for name in ("sales_data", "inventory_levels", "products"):
        table = csv.read_csv(source / f"{name}.csv")
        if "date" in table.column_names:
            age = pc.days_between(table["date"], pa.scalar(newest, pa.date32()))
            table = table.filter(pc.less(age, DAYS))
        index = table.column_names.index("product_id")
        parts = [
            table.set_column(
                index,
                "product_id",
                pc.binary_join_element_wise(table["product_id"].cast(pa.string()), f"{copy:05d}", "-"),
            )
            for copy in range(copies)
        ]
        pq.write_table(pa.concat_tables(parts), target / f"{name}.parquet")
    return pairs * copies, newest


def plan(data: Path, newest: date, serving: Path, folder: Path) -> measure.Measured:
    """Plans a folder of data in a workspace of its own, where the day before was planned."""
    workspace = folder / f"w-{data.name}"
    workspace.mkdir()
    shutil.copytree(serving, workspace / "serving", symlinks=True)
    arguments = [sys.executable, "-m", "pipeline", "plan", "--data", str(data), "--workspace", str(workspace)]
    # The first plan of a workspace makes its store and fills it with the whole past, once.
    before = ["--as-of", (newest - timedelta(days=1)).isoformat()]
    subprocess.run([*arguments, *before], check=True, stdout=subprocess.DEVNULL)
    return measure.command(arguments, os.environ, folder / f"{data.name}.log")


def one_by_one(serving: Path, seconds: float) -> float:
    """Series a second of both models asked with one encoded window at a time."""
    version = stable_version(serving)
    pair = load_pair(serving, version)
    windows, _ = read_acceptance(str(model_folder(serving, version, DEMAND)))
    count, begun = 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for model in pair.models.values():
            model.ask(SERIALIZED, {EXAMPLES: tf.constant([windows[count % len(windows)]])})
        count += 1
    return count / (time.perf_counter() - begun)


def main() -> None:
    """Prints one table and writes results/scoring.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--workspace", type=Path, required=True, help="with a pushed pair")
    parser.add_argument(
        "--data", type=Path, required=True, help="CSV files of the data that it was trained on"
    )
    parser.add_argument("--series", type=int, default=50_000)
    options = parser.parse_args()
    serving = Workspace(options.workspace.resolve()).serving
    found: dict[int, measure.Measured] = {}
    with tempfile.TemporaryDirectory(prefix="scoring-") as name:
        folder = Path(name)
        for size in (options.series // _SMALL, options.series):
            series, newest = tile(options.data, folder / f"data-{size}", size)
            found[series] = plan(folder / f"data-{size}", newest, serving, folder)
    slope, start = np.polyfit(list(found), [measured.seconds for measured in found.values()], 1)
    peer = one_by_one(serving, 10.0)
    report = Report("scoring")
    report.table(
        "Planning: reading, forecasts, order lines, files and store",
        ["series", "seconds", "peak GiB"],
        [[f"{n:,}", f"{m.seconds:.1f}", f"{m.peak_gib:.2f}"] for n, m in found.items()],
    )
    report.table(
        "Series a second",
        ["", "series/s"],
        [
            ["plan, beyond its start-up", f"{1 / slope:,.0f}"],
            ["SavedModels alone, one window a call", f"{peer:,.0f}"],
        ],
    )
    report.note(f"start-up {start:.1f} s; ratio {1 / slope / peer:.1f}")
    results = {
        "plans": [{"series": n, "seconds": m.seconds, "peak_gib": m.peak_gib} for n, m in found.items()],
        "series_per_second": 1 / slope,
        "startup_seconds": start,
        "one_by_one_per_second": peer,
    }
    report.write(results)


if __name__ == "__main__":
    main()
