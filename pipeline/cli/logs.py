"""Where a command's lines go besides the terminal: the workspace, and the collector that the environment names."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from pipeline.workspace import Workspace, new_run_id

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


def read_collector() -> Collector | None:
    """The collector that OpenTelemetry's own variables name; None where they name none.

    Headers and the attributes of the resource are the SDK's to read.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    logs, traces = (_address(signal) for signal in ("logs", "traces"))
    if not logs and not traces:
        return None
    # It takes a tenth of a second, which only those wait who have a collector.
    from pipeline.telemetry.collector import Collector

    return Collector(logs, traces)


def _address(signal: str) -> str:
    if os.environ.get(f"OTEL_{signal.upper()}_EXPORTER", "otlp").strip().lower() == "none":
        return ""
    of_both = os.environ.get(ENDPOINT, "").strip().rstrip("/")
    own = os.environ.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT", "").strip()
    return own or (f"{of_both}/v1/{signal}" if of_both else "")


def logged(workspace: Workspace, command: str, run_id: str | None = None) -> AbstractContextManager[None]:
    """Keeps the lines of a command that is no training run in a folder beside those of the runs.

    Args:
        run_id: of what it is a part of; one of its own, if unset.
    """
    from pipeline.telemetry.logs import Logs

    run_id = run_id or new_run_id()
    folder = workspace.logs(run_id) if workspace.root.is_dir() else None
    return Logs(run_id, folder, read_collector()).command(command)
