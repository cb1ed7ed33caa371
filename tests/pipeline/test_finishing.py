"""The end of a run."""

from __future__ import annotations

import io
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from rich.console import Console

from pipeline.finishing import _write_page
from pipeline.workspace import Workspace
from tests.pipeline.test_closing import summary


def test_a_page_that_cannot_be_written_is_told_and_changes_nothing_else(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.page("r1").mkdir(parents=True)
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(tmp_path / "metadata.sqlite")
    screen = io.StringIO()

    _write_page(Console(file=screen, width=200), summary(), workspace, config)

    assert "could not be written (IsADirectoryError" in screen.getvalue()
    assert "retail-inventory report --run r1" in screen.getvalue()
    assert [path.name for path in workspace.report("r1").iterdir()] == ["index.html"]
