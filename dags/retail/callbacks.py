"""Tells people of a failed task: a line in a file of the workspace, and a webhook where there is one."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retail.runs import run_id_of

FILE = "failures.jsonl"
_SECONDS = 10
_log = logging.getLogger(__name__)


def tell(workspace: str, webhook: str) -> Callable[[dict[str, Any]], None]:
    """A callback for tasks that failed for good.

    Args:
        workspace: whose ``failures.jsonl`` gets a line.
        webhook: address that is sent the same as JSON; none if empty.
    """

    def callback(context: dict[str, Any]) -> None:
        task, dag_run = context["task_instance"], context["dag_run"]
        content = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "dag": task.dag_id,
            "dag_run": dag_run.run_id,
            "run": run_id_of(dag_run),
            "task": task.task_id,
            "try": task.try_number,
            "reason": str(context.get("exception") or "its process ended"),
        }
        line = json.dumps(content, ensure_ascii=False)
        _log.error("failed for good: %s", line)
        # One write of one line: lines of two tasks do not mix.
        file = os.open(Path(workspace) / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(file, line.encode() + b"\n")
        finally:
            os.close(file)
        if webhook:
            _post(webhook, line.encode())

    return callback


def _post(address: str, body: bytes) -> None:
    # Only here: it would be a third of the time that importing a DAG takes.
    import requests

    try:
        requests.post(
            address, body, headers={"Content-Type": "application/json"}, timeout=_SECONDS
        ).raise_for_status()
    except requests.RequestException as error:
        # Whoever does not listen must not change how the task ended.
        _log.warning("the webhook was not told: %s", error)
