"""A workspace from which pairs are shared."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.workspace import Workspace
from serving.directory.pushing import push
from tests.serving.pairs import make_pair


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With two pairs."""
    made = Workspace(tmp_path / "w")
    made.create()
    for i in (1, 2):
        push(made.serving, make_pair(tmp_path, f"p{i}"), {"metrics": {}}, keep=3)
    return made
