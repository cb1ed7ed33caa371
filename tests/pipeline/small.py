"""A retailer and a configuration small enough to run the whole pipeline in a test."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from pipeline.sample_data.files import write_sample_data
from tests.pipeline import warm

CONFIG = """
windows: {history: 28, horizon: 14, test_periods: 21, eval_periods: 21, train_stride: 3}
demand_forecasting: {epochs: 3, trees: 0}
replenishment_optimization: {epochs: 3}
gate:
  {demand_skill: -5, slice_skill: -50, calibration_band: 1, replenishment_skill: -50, loss_margin: 5, cost_margin: 5,
   base_stock_cost: 50, incumbent_cost: 50, other_cost: 50, fill_rate_margin: 1}
data: {shards: 3}
"""
STORES, PRODUCTS, PERIODS = 2, 6, 190
TREES = CONFIG.replace("trees: 0", "trees: 20")
"""The same with trees, which take some seconds of every run: tests that ask what forecasts are worth have them."""


class Small:
    """A folder of data, a configuration and a workspace, and how to run the command line on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.workspace = root / "workspace"
        self.config = root / "config.yaml"
        self.config.write_text(CONFIG)
        write_sample_data(self.data, stores=STORES, products=PRODUCTS, periods=PERIODS, seed=3)

    def command(self, *extra: str, data: Path | None = None) -> list[str]:
        return [
            sys.executable,
            "-m",
            "pipeline",
            "run",
            "--data",
            str(data or self.data),
            "--workspace",
            str(self.workspace),
            "--config",
            str(self.config),
            *extra,
        ]

    def run(self, *extra: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
        return self.call("run", *extra, data=data)

    def call(self, command: str, *extra: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Another command on the same data, workspace and configuration."""
        return warm.command([command, *self.command(*extra, data=data)[4:]])

    def summaries(self) -> list[dict[str, Any]]:
        """Every run's summary.json, oldest first."""
        files = sorted((self.workspace / "reports").glob("*/summary.json"))
        return [json.loads(path.read_text()) for path in files]

    def states(self) -> dict[str, str]:
        """State of each component in the newest run."""
        return {component["node"]: component["state"] for component in self.summaries()[-1]["components"]}

    def versions(self, model: str) -> list[int]:
        folder = self.workspace / "serving" / model
        return sorted(int(path.name) for path in folder.iterdir()) if folder.exists() else []

    def executions(self) -> list[metadata_store_pb2.Execution]:
        config = metadata_store_pb2.ConnectionConfig()
        config.sqlite.filename_uri = str(self.workspace / "metadata.sqlite")
        config.sqlite.connection_mode = config.sqlite.READONLY
        return list(metadata_store.MetadataStore(config).get_executions())

    def count(self, state: int) -> int:
        return sum(execution.last_known_state == state for execution in self.executions())
