"""``run-node``: has one node run, by the node server where there is one, and tells the orchestrator how it ended.

Imports nothing heavy: where a server runs, this is all that a task's own process has to load.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from contracts.errors import Problem, UserError
from contracts.exit_codes import ExitCode
from pipeline.running.code_stamp import code_stamp
from pipeline.running.node_socket import address
from pipeline.running.run_folder import NODE_ID, RunFolder

_POLL_SECONDS = 0.3


def run_node_of(run: RunFolder, node: str) -> ExitCode:
    """Runs exactly one node of a run, and prints its log while it runs.

    Args:
        run: a compiled run.
        node: id of the node.

    Returns:
        0: it ran or was cached; 1: it failed, or its process was killed: trying again may help; 2: what it was asked
        for cannot be done; 3: a gate refused the data.

    Raises:
        UserError: the run was not compiled, or has no such node.
        OSError: the machine has no room for it.
    """
    if not NODE_ID.fullmatch(node):
        raise UserError(f"{node!r}: is no id of a node; give one such as Transform")
    path, log = run.pipeline, run.log(node)
    assert path
    seen = _Follower(log)
    answer = _ask_server(run, node, seen) or _in_a_child_of_ours(run, node, seen)
    seen.copy()
    if "refused" in answer:
        raise UserError(answer["refused"])
    return _tell(answer["result"])


class _Follower:
    """Copies what is added to a log to stdout."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = path.stat().st_size if path.exists() else 0

    def copy(self) -> None:
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._place)
                text = file.read()
            self._place += len(text)
            sys.stdout.write(text.decode(errors="replace"))
            sys.stdout.flush()


def _ask_server(run: RunFolder, node: str, log: _Follower) -> dict[str, Any] | None:
    """Its answer; None where there is no server, or one that runs other code."""
    with socket.socket(socket.AF_UNIX) as server, address(run.workspace.root) as path:
        try:
            server.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        server.sendall(json.dumps({"run": run.run_id, "node": node, "code": code_stamp()}).encode() + b"\n")
        received = b""
        while not received.endswith(b"\n"):
            if select.select([server], [], [], _POLL_SECONDS)[0]:
                part = server.recv(1 << 16)
                if not part:
                    return {
                        "result": {"state": "failed", "reason": "the node server ended", "by_user": False}
                    }
                received += part
            log.copy()
    answer: dict[str, Any] = json.loads(received)
    if answer.get("stale"):
        print(
            "the node server runs other code than this; restart it (until then each node imports TFX itself)"
        )
        return None
    return answer


def _in_a_child_of_ours(run: RunFolder, node: str, log: _Follower) -> dict[str, Any]:
    # Only here: it imports TFX, which takes seconds.
    from pipeline.running import one_node

    attempt = one_node.start(run, node)
    while (result := attempt.ended()) is None:
        select.select([attempt.child.pipe], [], [], _POLL_SECONDS)
        log.copy()
    return {"result": asdict(result)}


def _tell(result: dict[str, Any]) -> ExitCode:
    for fields in result.get("problems", []):
        print(Problem.from_fields(fields))
    if result["state"] in ("ran", "cached"):
        print(f"{result['node']} {result['state']}, {result['seconds']:.1f} s, {result['peak_mib']} MiB")
        return ExitCode.SUCCESS
    print(f"{result['state']}: {result['reason']}")
    if result["state"] == "refused":
        return ExitCode.REFUSED
    return ExitCode.USAGE if result["by_user"] else ExitCode.FAILURE
