"""The whole pipeline on 1, 2, 4 and 8 times as many series: seconds, peak memory, and how both grow.

    python -m benchmarks.growth.scale --stock

Each size is a new workspace and a process of its own. The exponent is the slope of log(time) over log(series): 1 is
proportional, less is better. With --stock the stock TFX pipeline runs over the same rows, for its own exponent.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import pipeline_speed
from benchmarks.harness import measure, rows, runs
from benchmarks.harness.report import Report
from pipeline.sample_data.files import write_sample_data

STORES, PRODUCTS, PERIODS = 4, 30, 365
SIZES = (1, 2, 4, 8)


def exponent(sizes: list[int], values: list[float]) -> float:
    """Slope of log(value) over log(size), by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


def main() -> None:
    """Prints one table and writes results/scale.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stock", action="store_true", help="run the stock TFX pipeline too")
    options = parser.parse_args()
    sizes: dict[str, dict[int, measure.Measured]] = {"ours": {}}
    components: dict[int, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        for size in SIZES:
            folder = Path(name) / str(size)
            data = folder / "data"
            write_sample_data(
                data, stores=STORES, products=PRODUCTS * size, periods=PERIODS, seed=7, frequency="D"
            )
            run = runs.run(data, folder / "ours")
            sizes["ours"][size], components[size] = run.taken, run.components
            if options.stock:
                rows.flat_csv(data, folder / "csv" / "rows.csv")
                stock, _ = pipeline_speed.run_stock(folder / "csv", folder / "stock", 2)
                sizes.setdefault("stock TFX", {})[size] = stock
    grows = {
        which: {
            "time": exponent(list(found), [taken.seconds for taken in found.values()]),
            "memory": exponent(list(found), [taken.peak_gib for taken in found.values()]),
        }
        for which, found in sizes.items()
    }
    base = STORES * PRODUCTS
    lines = [
        [f"{which}, {base * size:,} series", f"{taken.seconds:.1f}", f"{taken.peak_gib:.2f}"]
        for which, found in sizes.items()
        for size, taken in found.items()
    ]
    lines += [[f"{which}, exponent", f"{g['time']:.2f}", f"{g['memory']:.2f}"] for which, g in grows.items()]
    report = Report("scale")
    report.table(f"Growth with the number of series, {PERIODS} days", ["", "seconds", "peak GiB"], lines)
    results = {
        which: {str(base * size): {"seconds": t.seconds, "peak_gib": t.peak_gib} for size, t in found.items()}
        for which, found in sizes.items()
    }
    report.write(
        {"runs": results, "exponents": grows, "components": {str(k): v for k, v in components.items()}},
    )


if __name__ == "__main__":
    main()
