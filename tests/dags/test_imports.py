"""What a dag-processor pays for a DAG file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from shop import ROOT

_COUNTED = """
import json, sys
import airflow.sdk
before = set(sys.modules)
__import__(sys.argv[1])
heavy = [name for name in ("tfx", "tensorflow", "pandas", "numpy", "kubernetes") if name in sys.modules]
rooms = ("pipeline", "components", "trainers", "transforms", "inventory")
ours = [name for name in sys.modules if name.split(".")[0] in rooms]
print(json.dumps({"more": len(set(sys.modules) - before), "heavy": heavy, "ours": ours}))
"""
FEW = 100
"""Modules. How long their import takes says what else the machine does."""


@pytest.mark.parametrize("name", ["training", "planning"])
def test_a_dag_is_imported_with_few_modules_and_without_anything_heavy(name: str, description: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _COUNTED, name],
        env=os.environ | {"PYTHONPATH": str(ROOT / "dags")},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["heavy"] == [] and found["ours"] == []
    assert found["more"] < FEW
