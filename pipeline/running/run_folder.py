"""What one orchestrated run keeps between its nodes: the compiled pipeline, and how each node ended.

A run under an orchestrator is many processes, each of which may be killed; what they have to tell each other is here.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.durable import replace_file
from contracts.errors import UserError
from pipeline.node_result import NodeResult
from pipeline.telemetry.logs import Logs
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

PIPELINE_FILE, BECAUSE_FILE = "pipeline.pb", "because.txt"
NODE_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,99}")
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-z]{1,16}")


class RunFolder:
    """A run's folder below ``runs/`` of the workspace."""

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        """Args: workspace: of the run. run_id: such as 20260307T020000Z-1a2b; names folders and sorts by time.

        Raises:
            UserError: the id is none.
        """
        if not _RUN_ID.fullmatch(run_id):
            raise UserError(f"{run_id!r}: is no run id; give one such as 20260307T020000Z-1a2b")
        self.workspace = workspace
        self.run_id = run_id
        self.path = workspace.root / "runs" / run_id

    @property
    def pipeline(self) -> Path:
        """The compiled pipeline of the run.

        Raises:
            UserError: the run was not compiled.
        """
        path = self.path / PIPELINE_FILE
        if not path.exists():
            raise UserError(
                f"{path}: is not there; call 'retail-inventory compile --run {self.run_id}' first"
            )
        return path

    @property
    def compiled(self) -> bool:
        return (self.path / PIPELINE_FILE).exists()

    def keep(self, pipeline: bytes) -> None:
        """Writes the compiled pipeline, whole or not at all."""
        self._write(PIPELINE_FILE, pipeline)

    def keep_because(self, because: str) -> None:
        """Writes down why it runs."""
        self._write(BECAUSE_FILE, because.encode())

    @property
    def because(self) -> str:
        """Why it runs; empty where that was not said."""
        path = self.path / BECAUSE_FILE
        return path.read_text() if path.exists() else ""

    def logs(self, collector: Collector | None = None) -> Logs:
        """Where the lines of its processes go."""
        return Logs(self.run_id, self.workspace.logs(self.run_id), collector)

    def record(self, result: NodeResult) -> None:
        """Writes down how a node ended, or that it began."""
        self._write(f"{result.node}.json", json.dumps(result.to_fields()).encode())

    def result(self, node: str) -> NodeResult | None:
        """What was written down of a node last; None where it never began."""
        path = self.path / f"{node}.json"
        return NodeResult.from_fields(json.loads(path.read_text())) if path.exists() else None

    def results(self) -> list[NodeResult]:
        """How every node that began has ended; one that is still said to run was killed.

        Raises:
            UserError: the run was not compiled.
        """
        found = [self.result(path.stem) for path in sorted(self.pipeline.parent.glob("*.json"))]
        there = [result for result in found if result is not None]
        for result in there:
            if result.state == "running":
                result.state, result.reason = "failed", "its process was killed"
        return there

    @contextlib.contextmanager
    def alone(self, node: str) -> Iterator[None]:
        """Waits until nothing else runs this node in the workspace, be it a killed attempt that still ends."""
        folder = self.workspace.root / "runs"
        with (folder / f".{node}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _write(self, name: str, content: bytes) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        replace_file(self.path / name, content)
