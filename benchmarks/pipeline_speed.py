"""Our whole pipeline and a stock TFX pipeline over the same rows: seconds, peak memory, and the ratio.

    python -m benchmarks.pipeline_speed --rows 200000

Ours is `retail-inventory run` in a new workspace, from the start of its process to its end: it trains, judges
and pushes two models. The stock pipeline (benchmarks/stock_pipeline.py) trains one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import measure, report, rows, stock_pipeline

Run = tuple[measure.Measured, dict[str, float]]


def run_ours(data: Path, folder: Path) -> Run:
    """One run of ours in a new workspace; seconds by node come from its summary."""
    workspace = folder / "workspace"
    command = [sys.executable, "-m", "pipeline", "run", "--data", str(data), "--workspace", str(workspace)]
    taken = measure.command(command, os.environ, folder / "run.log")
    summary = json.loads(next(workspace.glob("reports/*/summary.json")).read_text())
    return taken, {node["node"]: node["seconds"] for node in summary["components"]}


def run_stock(csv_folder: Path, folder: Path, keras: int) -> Run:
    """One run of the stock pipeline in a new workspace."""
    workspace = folder / "workspace"
    taken = stock_pipeline.measured(csv_folder, workspace, keras)
    return taken, measure.component_seconds(workspace / "metadata.sqlite")


def main() -> None:
    """Prints one table and writes results/pipeline_speed.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--keras", type=int, choices=(2, 3), default=2, help="the stock pipeline's Keras")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pipeline-speed-") as name:
        folder = Path(name)
        data = rows.sample_data(folder / "data", options.rows)
        count = rows.flat_csv(data, folder / "csv" / "rows.csv")
        runs = {
            "stock": run_stock(folder / "csv", folder / "stock", options.keras),
            "ours": run_ours(data, folder / "ours"),
        }
    ratio = runs["stock"][0].seconds / runs["ours"][0].seconds
    lines = []
    for which, (taken, components) in runs.items():
        lines += [[f"{which}: {node}", f"{spent:.1f}"] for node, spent in components.items()]
        lines.append([f"{which}: whole", f"{taken.seconds:.1f}"])
        lines.append([f"{which}: peak memory, GiB", f"{taken.peak_gib:.2f}"])
    lines.append(["stock / ours", f"{ratio:.1f}x"])
    report.table(f"Whole pipeline, {count:,} rows", ["", "seconds"], lines)
    figures = {
        which: {"seconds": taken.seconds, "peak_gib": taken.peak_gib, "components": components}
        for which, (taken, components) in runs.items()
    }
    report.write("pipeline_speed", {"rows": count, "stock_keras": options.keras, "ratio": ratio, **figures})


if __name__ == "__main__":
    main()
