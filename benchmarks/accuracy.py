"""Accuracy on FreshRetailNet-50K (Wang et al. 2025, arXiv:2505.16319, CC BY 4.0), last 7 days held out.

    python -m benchmarks.accuracy --data small.parquet [--summary workspace/reports/RUN/summary.json]

Our pipeline's median forecast beside other forecasters'. Without --summary the pipeline is run first. The
peers run in .venv-peers (`make bench-setup`). On fully stocked days sales are demand; on all days a forecast
of demand rightly lies above the sales of a day without stock.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import measure, report

REPOSITORY = Path(__file__).parent.parent
PEERS_PYTHON = REPOSITORY / ".venv-peers" / "bin" / "python"
CONFIG = Path(__file__).parent / "freshretailnet.yaml"
FIGURES = ("wape", "bias", "wape_all", "bias_all")


def run_ours(source: Path, folder: Path) -> Path:
    """Converts the benchmark's file to our contract, runs the pipeline on it and returns its summary.json."""
    python = sys.executable
    data, workspace = folder / "data", folder / "workspace"
    environment = dict(os.environ)
    convert = [python, "-m", "benchmarks.freshretailnet", "convert", str(source), str(data)]
    measure.command(convert, environment, folder / "convert.log")
    run = [python, "-m", "pipeline", "run", "--data", str(data), "--workspace", str(workspace)]
    # 3: the gate refused the model; its figures are in the summary all the same.
    measure.command([*run, "--config", str(CONFIG)], environment, folder / "run.log", allowed=(0, 3))
    return next(workspace.glob("reports/*/summary.json"))


def run_peers(source: Path, folder: Path) -> dict[str, Any]:
    """The peers' figures, by name, from their own environment."""
    target = folder / "peers.json"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment.setdefault(
        "OMP_WAIT_POLICY", "passive"
    )  # Threads that spin while waiting starve a busy machine.
    command = [str(PEERS_PYTHON), "-m", "benchmarks.peers", str(source), str(target)]
    subprocess.run(command, check=True, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL)
    return dict(json.loads(target.read_text()))


def our_figures(summary: Path) -> dict[str, float]:
    """WAPE and bias of the median forecast on the test days, from a run's summary."""
    metrics = json.loads(summary.read_text())["models"]["demand_forecasting"]["metrics"]
    return {name: metrics[name] for name in FIGURES if name in metrics}


def _shown(figures: dict[str, float], key: str) -> str:
    if key not in figures:
        return ""
    return f"{figures[key]:+.1%}" if key.startswith("bias") else f"{figures[key]:.4f}"


def main() -> None:
    """Prints one table and writes results/accuracy.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="FreshRetailNet, days as rows, as Parquet")
    parser.add_argument("--summary", type=Path, help="summary.json of a run on the same data")
    options = parser.parse_args()
    if not options.data.exists():
        parser.exit(
            2, f"{options.data}: there is no such file; give the benchmark's Parquet file to --data\n"
        )
    if not PEERS_PYTHON.exists():
        parser.exit(2, "The peers' environment is missing: run `make bench-setup`\n")
    source = options.data.resolve()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as name:
        folder = Path(name)
        found = run_peers(source, folder)
        summary = options.summary or run_ours(source, folder)
        found["ours"] = our_figures(summary)
    everyone = {**found["peers"], "this pipeline, median": found["ours"]}
    lines = [[name, *(_shown(figures, key) for key in FIGURES)] for name, figures in everyone.items()]
    columns = ["", "WAPE stocked", "bias", "WAPE all days", "bias"]
    report.table(f"FreshRetailNet, {found['rows']:,} rows, last 7 days held out", columns, lines)
    report.write("accuracy", {"data": source.name, **found})


if __name__ == "__main__":
    main()
