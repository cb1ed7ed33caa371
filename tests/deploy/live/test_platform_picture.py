"""The dashboard Platform drawn of figures that a real Prometheus has taken of all that it asks.

Needs a workspace with a pushed pair, PICTURES_WORKSPACE, the folder of the picture, PICTURES_OUT, and what
grafana/pictures/draw.sh needs; ``make pictures`` gives all of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from contracts.models import MODELS
from pipeline.operations.serve_config import requests_of
from pipeline.workspace import Workspace
from serving.directory.layout import model_folder, stable_version
from store.opening import opened
from tests.deploy.live.programs import running
from tests.deploy.live.stack import started
from tests.grafana.board_files import GRAFANA, PLATFORM

MINUTES, DRAWN = 8, 3
"""Of requests, and those that are drawn: rates are of five minutes."""
WORKSPACE, OUT = (os.environ.get(f"PICTURES_{name}", "") for name in ("WORKSPACE", "OUT"))
pytestmark = pytest.mark.skipif(
    not (WORKSPACE and OUT), reason="draws in chromium; 'make pictures' names its PICTURES_WORKSPACE"
)


def asked(address: str, minutes: float) -> None:
    """Forecasts and orders of real windows, as callers ask the service for them, twice a second."""
    root = Workspace(Path(WORKSPACE)).serving
    bodies = {
        model: requests_of(model_folder(root, stable_version(root), model), model)[f"{model}.json"]
        for model in MODELS
    }
    end = time.monotonic() + 60 * minutes
    while time.monotonic() < end:
        for model, body in bodies.items():
            request = urllib.request.Request(f"{address}/v1/models/{model}:predict", body.encode())
            with urllib.request.urlopen(request, timeout=30) as reply:
                assert reply.status == 200
        time.sleep(0.5)


def test_platform_shows_what_prometheus_has_measured(tmp_path: Path) -> None:
    with (
        opened(Path(WORKSPACE) / "postgres") as store,
        started(tmp_path, store) as platform,
    ):
        command = [sys.executable, "-m", "pipeline", "serve", "--workspace", WORKSPACE]
        address = f"http://127.0.0.1:{platform.serving_port}"
        command += ["--port", str(platform.serving_port)]
        with running(command, tmp_path / "service.log", f"{address}/metrics", seconds=300):
            asked(address, MINUTES)
            draw = ["sh", str(GRAFANA / "pictures" / "draw.sh"), platform.prometheus, OUT]
            done = subprocess.run([*draw, "--minutes", str(DRAWN)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (Path(OUT) / f"{PLATFORM.stem}.webp").exists()
