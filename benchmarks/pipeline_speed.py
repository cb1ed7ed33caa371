"""Our whole pipeline and a stock TFX pipeline over the same rows: seconds, peak memory, and the ratio.

    python -m benchmarks.pipeline_speed --rows 200000

Ours is `retail-inventory run` in a new workspace, from the start of its process to its end: it trains, judges
and pushes two models. The stock pipeline (benchmarks/stock/pipeline.py) trains one. Memory of our components is the
largest resident size of their own process; of the stock pipeline's, and of both as a whole, it is the whole process
tree's, with shared pages counted once.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.harness import measure, rows, runs
from benchmarks.harness.report import Report
from benchmarks.stock import pipeline as stock_pipeline


def run_stock(
    csv_folder: Path, folder: Path, keras: int
) -> tuple[measure.Measured, dict[str, dict[str, float]]]:
    """One run of the stock pipeline in a new workspace; what the whole took, and each component."""
    workspace = folder / "workspace"
    taken = stock_pipeline.measured(csv_folder, workspace, keras)
    return taken, measure.component_peaks(workspace / "metadata.sqlite", taken)


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
        ours = runs.run(data, folder / "ours")
        both = {
            "stock": run_stock(folder / "csv", folder / "stock", options.keras),
            "ours": (ours.taken, ours.components),
        }
    ratio = both["stock"][0].seconds / both["ours"][0].seconds
    lines = []
    for which, (taken, components) in both.items():
        lines += [
            [f"{which}: {node}", f"{found['seconds']:.1f}", f"{found['peak_mib']:,.0f}"]
            for node, found in components.items()
        ]
        lines.append([f"{which}: whole", f"{taken.seconds:.1f}", f"{taken.peak_gib * 1024:,.0f}"])
    memory = both["ours"][0].peak_gib / both["stock"][0].peak_gib
    report = Report("pipeline_speed")
    report.table(f"Whole pipeline, {count:,} rows", ["", "seconds", "peak MiB"], lines)
    report.note(f"ours is {ratio:.2f} times as fast, with {memory:.2f} times the memory")
    results = {
        which: {"seconds": taken.seconds, "peak_gib": taken.peak_gib, "components": components}
        for which, (taken, components) in both.items()
    }
    report.write({"rows": count, "stock_keras": options.keras, "ratio": ratio, **results})


if __name__ == "__main__":
    main()
