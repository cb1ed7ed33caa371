"""A run of our pipeline as a user would start it, and what it left to measure."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.harness import measure
from contracts.records.summary import SUMMARY_FILE, Summary


@dataclass(frozen=True)
class Run:
    """A finished run.

    Attributes:
        workspace: where everything went.
        taken: seconds and memory of the command.
    """

    workspace: Path
    summary: Summary
    taken: measure.Measured

    @property
    def components(self) -> dict[str, dict[str, float]]:
        """Seconds and peak MiB of each node."""
        return {
            node.node: {"seconds": node.seconds, "peak_mib": node.peak_mib}
            for node in self.summary.components
        }

    @property
    def windows(self) -> Path:
        """Folder of the windows' splits."""
        return next((self.workspace / "artifacts" / "Windowing" / "windows").iterdir())

    def model(self, trainer: str) -> Path:
        """The SavedModel that a trainer wrote, pushed or not."""
        return next((self.workspace / "artifacts" / trainer / "model").glob("*/Format-Serving"))


def run(data: Path, folder: Path, config: Path | None = None) -> Run:
    """Runs the pipeline in a new workspace below the folder; a pair that the gate refused counts too."""
    workspace = folder / "workspace"
    command = [sys.executable, "-m", "pipeline", "run", "--data", str(data), "--workspace", str(workspace)]
    if config is not None:
        command += ["--config", str(config)]
    taken = measure.command(command, os.environ, folder / "run.log", allowed=(0, 3))
    summary = Summary.read(next(workspace.glob(f"reports/*/{SUMMARY_FILE}")))
    return Run(workspace, summary, taken)


def forecasts(of: Run, out: Path) -> tuple[pd.DataFrame, measure.Measured]:
    """Forecasts of the test windows, and what making them took.

    Columns: store_id, product_id, date, ``demand`` (the median, units) and one for each quantile.
    """
    command = [sys.executable, "-m", "trainers.demand_forecasting.predict", "--out", str(out)]
    command += ["--model", str(of.model("DemandTrainer")), "--windows", str(of.windows / "Split-test" / "*")]
    command += ["--feature-space", str(of.windows / "feature_space.json")]
    taken = measure.command(command, os.environ, out.with_suffix(".log"))
    forecast = pd.read_parquet(out)
    forecast["date"] = pd.to_datetime(forecast["date"])
    return forecast.drop(columns=["as_of", "step"]), taken
