"""A small shop with its workspace, and how to call the product in its own environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / ".venv" / "bin" / "python"
CLEAN = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}

_MAKE = """
import sys
from tests.pipeline.small import Small
from pathlib import Path
Small(Path(sys.argv[1]))
"""
_EXECUTIONS = """
import json, sys
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
config = pb.ConnectionConfig()
config.sqlite.filename_uri, config.sqlite.connection_mode = sys.argv[1], config.sqlite.READONLY
store = metadata_store.MetadataStore(config)
types = {kind.id: kind.name for kind in store.get_execution_types()}
run = store.get_context_by_type_and_name("pipeline_run", sys.argv[2])
found = {}
for execution in store.get_executions_by_context(run.id):
    node = next(c.name for c in store.get_contexts_by_execution(execution.id) if c.name.startswith("retail-inventory."))
    state = pb.Execution.State.Name(execution.last_known_state)
    found.setdefault(node.split(".", 1)[1], []).append([execution.id, state])
print(json.dumps(found))
"""


class Shop:
    """Data, configuration and workspace below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data, self.workspace, self.config = root / "data", root / "workspace", root / "config.yaml"
        root.mkdir(exist_ok=True)
        self.python(_MAKE, str(root))

    def python(self, code: str, *arguments: str) -> str:
        done = subprocess.run(
            [PRODUCT, "-c", code, *arguments], cwd=ROOT, env=CLEAN, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def call(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        line = [str(PRODUCT), "-m", "pipeline", command, "--workspace", str(self.workspace), *arguments]
        return subprocess.run(line, env=CLEAN, capture_output=True, text=True)

    def compile(self) -> Path:
        done = self.call("compile", "--data", str(self.data), "--config", str(self.config))
        assert done.returncode == 0, done.stdout + done.stderr
        return self.workspace / "pipeline" / "pipeline.json"

    def executions(self, run: str) -> dict[str, list[tuple[int, str]]]:
        """States of each node's executions in one run, oldest first, from ML Metadata."""
        found = json.loads(self.python(_EXECUTIONS, str(self.workspace / "metadata.sqlite"), run))
        return {node: sorted((id_, state) for id_, state in runs) for node, runs in found.items()}

    def summary(self, run: str) -> dict[str, Any]:
        return dict(json.loads((self.workspace / "reports" / run / "summary.json").read_text()))

    def versions(self) -> list[str]:
        folder = self.workspace / "serving" / "demand_forecasting"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def failures(self) -> list[dict[str, Any]]:
        path = self.workspace / "failures.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def processes_of(folder: Path) -> list[str]:
    """Command lines of processes that name a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(folder) in line and sys.executable != line:
                found.append(f"{entry.name} {line}")
    return found
