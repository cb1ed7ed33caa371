"""All of FreshRetailNet from its files to a pushed pair: seconds and peak memory, of each component and as a whole.

    python -m benchmarks.end_to_end --data full.parquet

FreshRetailNet-50K has 50,000 series over 90 days. It is converted to the files of our contract first, which is not
counted; then `retail-inventory run` works in a new workspace, from the start of its process to its end. How long other
forecasters take to train on the same series stands in the tables of accuracy.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.harness import freshretailnet_runs
from benchmarks.harness.report import Report


def main() -> None:
    """Prints one table and writes results/end_to_end.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    freshretailnet_runs.add_data(parser)
    source = parser.parse_args().data
    rows = pq.read_metadata(source).num_rows
    with tempfile.TemporaryDirectory(prefix="end-to-end-") as name:
        run = freshretailnet_runs.run(source, Path(name))
    lines = [
        [node, f"{found['seconds']:.1f}", f"{found['peak_mib']:,.0f}"]
        for node, found in run.components.items()
    ]
    lines.append(["whole", f"{run.taken.seconds:.1f}", f"{run.taken.peak_gib * 1024:,.0f}"])
    report = Report("end_to_end")
    report.table(f"From files to a pair of models, {rows:,} rows", ["", "seconds", "peak MiB"], lines)
    report.note(f"how it ended: {run.summary.status}")
    report.write(
        {
            "rows": rows,
            "config": freshretailnet_runs.settings(source),
            "status": run.summary.status,
            "seconds": run.taken.seconds,
            "peak_gib": run.taken.peak_gib,
            "components": run.components,
        }
    )


if __name__ == "__main__":
    main()
