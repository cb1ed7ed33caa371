"""``run-node``: has one node run, by the node server where there is one, and tells the orchestrator how it ended.

Imports nothing heavy: where a server runs, this is all that a task's own process has to load.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.errors import UserError
from pipeline.node_result import NodeResult
from pipeline.running.code_stamp import code_stamp
from pipeline.running.node_socket import address
from pipeline.running.run_folder import NODE_ID, RunFolder

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

_POLL_SECONDS = 0.3


def run_node_of(
    run: RunFolder, node: str, write: Callable[[str], None], collector: Collector | None = None
) -> NodeResult:
    """Runs exactly one node of a run.

    Args:
        run: a compiled run.
        node: id of the node.
        write: takes what is added to the node's log while it runs.
        collector: takes its lines too; where a server runs the node, the server's own does.

    Returns:
        How it ended.

    Raises:
        UserError: the run was not compiled, or has no such node.
        OSError: the machine has no room for it.
    """
    if not NODE_ID.fullmatch(node):
        raise UserError(f"{node!r}: is no id of a node; give one such as Transform")
    path, log = run.pipeline, run.logs().output(node)
    assert path
    seen = _Follower(log, write)
    answer = _ask_server(run, node, seen) or _in_a_child_of_ours(run, node, seen, collector)
    seen.copy()
    if "refused" in answer:
        raise UserError(answer["refused"])
    return NodeResult.from_fields(answer["result"])


class _Follower:
    """Copies what is added to a log."""

    def __init__(self, path: Path, write: Callable[[str], None]) -> None:
        self._path = path
        self.write = write
        self._offset = path.stat().st_size if path.exists() else 0

    def copy(self) -> None:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                text = file.read()
            self._offset += len(text)
            self.write(text.decode(errors="replace"))


def _ask_server(run: RunFolder, node: str, log: _Follower) -> dict[str, Any] | None:
    """Its answer; None where there is no server, or one that runs other code."""
    with socket.socket(socket.AF_UNIX) as server, address(run.workspace.root) as path:
        try:
            server.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        server.sendall(json.dumps({"run": run.run_id, "node": node, "code": code_stamp()}).encode() + b"\n")
        while not wait([server], _POLL_SECONDS):
            log.copy()
        received = server.makefile("rb").readline()
    if not received.endswith(b"\n"):
        return {"result": {"node": node, "state": "failed", "reason": "the node server ended"}}
    answer: dict[str, Any] = json.loads(received)
    if answer.get("stale"):
        log.write(
            "the node server runs other code than this; restart it (until then each node imports TFX itself)\n"
        )
        return None
    return answer


def _in_a_child_of_ours(
    run: RunFolder, node: str, log: _Follower, collector: Collector | None
) -> dict[str, Any]:
    # Only here: it imports TFX, which takes seconds.
    from pipeline.running.one_node import Attempt

    attempt = Attempt(run, node, collector)
    while (result := attempt.ended()) is None:
        wait([attempt.pipe], _POLL_SECONDS)
        log.copy()
    return {"result": result.to_fields()}
