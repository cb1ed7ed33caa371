"""What was done to the serving directory, for the audit trail of the store; the directory's history is the truth."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg

from serving.directory.layout import read_history
from store.audit import Act, record


def record_directory(connection: psycopg.Connection, root: Path) -> None:
    """Adds what the trail does not have yet of the directory's history, inside the caller's transaction.

    Args:
        root: the serving directory.
    """
    history = read_history(root)
    record(connection, [_act(before, now) for before, now in itertools.pairwise([{}, *history])])


def _act(before: Mapping[str, Any], now: Mapping[str, Any]) -> Act:
    return Act(
        at=datetime.fromisoformat(now["at"]),
        action=now["action"],
        subject=f"pair {_pair(before, now)}",
        by=now["by"],
        reason=now["reason"],
        occasion=f"serving directory, change of {now['at']}",
        detail=f"{_shown(before)} -> {_shown(now)}",
        once=f"serving directory {json.dumps(now, sort_keys=True)}",
    )


def _pair(before: Mapping[str, Any], now: Mapping[str, Any]) -> int:
    """Version of the pair that it was done to."""
    if now["action"] == "withdraw" and before:
        return int(before["canary"])
    return int(now["canary"] if now["action"] == "push" and now["canary"] is not None else now["stable"])


def _shown(state: Mapping[str, Any]) -> str:
    if not state:
        return "not known"
    canary = "" if state["canary"] is None else f", canary {state['canary']}"
    return f"stable {state['stable']}{canary}"
