"""CsvExampleGen and our RetailExampleGen on the same rows, one after the other: rows a second, and the ratio.

    python -m benchmarks.example_generation --rows 200000

CsvExampleGen reads one flat CSV that is joined already; ours reads the four files of the contract, checks and
joins them. Both run as a pipeline of one component on LocalDagRunner, each in a process of its own; start-up
is left out.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import measure, rows
from benchmarks.harness.report import Report

NAMES = {"stock": "CsvExampleGen", "ours": "RetailExampleGen"}


def run(which: str, data: Path, workspace: Path) -> None:
    """Runs one of the two components in this process."""
    import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
    from tfx import v1 as tfx

    from components.example_generation.component import RetailExampleGen
    from components.example_generation.options import DataOptions
    from pipeline.compat import beam_arguments, quiet_logs

    quiet_logs()
    component: tfx.dsl.components.BaseNode
    if which == "stock":
        component = tfx.components.CsvExampleGen(input_base=str(data))
    else:
        component = RetailExampleGen(
            input_folder=str(data),
            options=DataOptions(),
            review_period=7,
            fingerprint="benchmark",
            span=1,
            version=1,
            quarantine_folder=str(workspace / "quarantine"),
            code="benchmark",
        )
    metadata = tfx.orchestration.metadata.sqlite_metadata_connection_config(
        str(workspace / "metadata.sqlite")
    )
    tfx.orchestration.LocalDagRunner().run(
        tfx.dsl.Pipeline(
            pipeline_name=which,
            pipeline_root=str(workspace / "artifacts"),
            components=[component],
            metadata_connection_config=metadata,
            beam_pipeline_args=beam_arguments(),
        )
    )


def seconds(which: str, data: Path, workspace: Path) -> float:
    """Seconds of the component's execution, as ML Metadata recorded it."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.example_generation",
        "--only",
        which,
        str(data),
        str(workspace),
    ]
    measure.command(command, os.environ, workspace.parent / f"{workspace.name}.log")
    return measure.component_seconds(workspace / "metadata.sqlite")[NAMES[which]]


def main() -> None:
    """Prints one table and writes results/example_generation.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3, help="of which the median counts")
    parser.add_argument("--only", nargs=3, metavar=("WHICH", "DATA", "WORKSPACE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        which, data_folder, workspace = options.only
        run(which, Path(data_folder), Path(workspace))
        return
    taken: dict[str, list[float]] = {"stock": [], "ours": []}
    with tempfile.TemporaryDirectory(prefix="example-generation-") as name:
        folder = Path(name)
        data = rows.sample_data(folder / "data", options.rows)
        count = rows.flat_csv(data, folder / "csv" / "rows.csv")
        for repeat in range(options.repeats):
            taken["stock"].append(seconds("stock", folder / "csv", folder / f"stock-{repeat}"))
            taken["ours"].append(seconds("ours", data, folder / f"ours-{repeat}"))
    medians = {which: statistics.median(times) for which, times in taken.items()}
    ratio = medians["stock"] / medians["ours"]
    lines = [[NAMES[w], f"{medians[w]:.2f}", f"{count / medians[w]:,.0f}"] for w in taken]
    lines.append(["ratio", f"{ratio:.1f}x", ""])
    report = Report("example_generation")
    report.table(f"Example generation, {count:,} rows", ["", "seconds", "rows/s"], lines)
    report.write({"rows": count, "seconds": taken, "median": medians, "ratio": ratio})


if __name__ == "__main__":
    main()
