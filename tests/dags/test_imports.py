"""What a dag-processor pays for a DAG file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shop import ROOT

_TIMED = """
import json, sys, time
import airflow.sdk
began = time.perf_counter()
__import__(sys.argv[1])
seconds = time.perf_counter() - began
heavy = [name for name in ("tfx", "tensorflow", "pandas", "numpy", "kubernetes") if name in sys.modules]
rooms = ("pipeline", "components", "trainers", "transforms", "inventory")
ours = [name for name in sys.modules if name.split(".")[0] in rooms]
print(json.dumps({"seconds": seconds, "heavy": heavy, "ours": ours}))
"""


@pytest.mark.parametrize("name", ["training", "planning"])
def test_a_dag_is_imported_in_a_fifth_of_a_second_and_without_anything_heavy(
    name: str, description: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "dags")}
    runs = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", _TIMED, name],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            ).stdout.splitlines()[-1]
        )
        for _ in range(3)
    ]
    assert runs[0]["heavy"] == [] and runs[0]["ours"] == []
    assert min(run["seconds"] for run in runs) < 0.2
