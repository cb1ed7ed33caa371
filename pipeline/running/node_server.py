"""A process that has imported TFX and forks a child for each node it is asked for.

An orchestrator starts a process for every task; with this server beside it each task's own process is a light one
that asks and waits. The server holds no state: what it is asked for is on disk, and a client that goes away takes
its node with it.

By asyncio's streams and not by multiprocessing's Listener, which hears one client's greeting to its end before it takes
the next; who may speak is decided by the socket's mode.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.errors import UserError
from pipeline.node_result import NodeResult
from pipeline.running.code_stamp import code_stamp
from pipeline.running.node_process import freeze_memory, report_on
from pipeline.running.node_socket import address
from pipeline.running.one_node import Attempt
from pipeline.running.run_folder import NODE_ID, RunFolder
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

LOCK = ".nodes.lock"
LONGEST_LINE = 1 << 16
_FIELDS = ("code", "run", "node")
_POLL_SECONDS = 0.2


class NodeServer:
    """Serves one workspace until it is told to stop by SIGTERM or SIGINT; its nodes end with it.

    A client sends requests of one line each, JSON with ``code``, ``run`` and ``node``, and gets a line for each: the
    ``result``, ``stale`` where it runs other code, or ``refused`` with the reason. Whatever one client does, or fails
    to do, is nothing to the others.
    """

    def __init__(self, workspace: Workspace, collector: Collector | None = None) -> None:
        """Args: workspace: whose nodes are run. collector: takes their lines too."""
        self._workspace = workspace
        self._collector = collector
        self._stamp = code_stamp()

    def serve(self) -> None:
        """Answers until it is stopped.

        Raises:
            UserError: another server serves this workspace.
        """
        with (self._workspace.root / LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    f"{self._workspace.root}: another node server serves this workspace"
                ) from None
            freeze_memory()
            with address(self._workspace.root) as path:
                try:
                    asyncio.run(self._listen(path))
                finally:
                    Path(path).unlink(missing_ok=True)

    async def _listen(self, path: str) -> None:
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        before = os.umask(0o077)
        server = await asyncio.start_unix_server(self._hear, path, limit=LONGEST_LINE)
        os.umask(before)
        try:
            await stopped.wait()
        finally:
            server.close()

    async def _hear(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        """Its requests, of one line each; or the end of a client, and so of its nodes."""
        nodes: dict[Attempt, asyncio.Task[None]] = {}
        try:
            while line := await client.readline():
                begun = self._begin(line) if line.strip() else None
                if isinstance(begun, Attempt):
                    nodes[begun] = asyncio.create_task(_await(begun, answers))
                elif begun:
                    _send(answers, begun)
        except (ConnectionError, asyncio.CancelledError):
            pass  # Ends here, since early Python 3.12 logs a traceback for a stream's task that was cancelled.
        except ValueError:  # A line without an end.
            _send(answers, {"refused": f"a request is at most {LONGEST_LINE} bytes"})
        answers.close()
        for node, task in nodes.items():
            if not task.done():
                node.kill()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*nodes.values())

    def _begin(self, line: bytes) -> Attempt | dict[str, Any]:
        """The node that a request has started, or the answer where there is none."""
        node = ""
        try:
            code, run_id, node = _fields(line)
            if code != self._stamp:
                return {"stale": True}
            return Attempt(RunFolder(self._workspace, run_id), node, self._collector)
        except UserError as error:
            return {"refused": str(error)}
        except Exception as error:
            # Such as no process or no room to be had: this node failed, and those that run go on.
            return {"result": NodeResult.from_fields({"node": node, **report_on(error)}).to_fields()}


async def _await(node: Attempt, client: asyncio.StreamWriter) -> None:
    """Tells a client how its node ended."""
    try:
        while (result := node.ended()) is None:
            await _readable(node.pipe)
    except asyncio.CancelledError:
        node.end()
        raise
    _send(client, {"result": result.to_fields()})


def _send(client: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    """Sends a line, now or when the client takes it."""
    client.write(json.dumps(answer).encode() + b"\n")


async def _readable(pipe: Connection) -> None:
    """Returns when there is something to be read, or soon: a node's own child may keep its pipe open."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(pipe.fileno(), ready.set)
    try:
        await asyncio.wait_for(ready.wait(), _POLL_SECONDS)
    except asyncio.TimeoutError:
        pass
    finally:
        loop.remove_reader(pipe.fileno())


def _fields(line: bytes) -> Iterator[str]:
    """What a request says, in the order of ``_FIELDS``.

    Raises:
        UserError: it is no request.
    """
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"the request is no line of JSON: {error}") from error
    if not isinstance(request, dict) or not all(isinstance(request.get(name), str) for name in _FIELDS):
        raise UserError(f"the request is no object with the texts {', '.join(_FIELDS)}")
    if not NODE_ID.fullmatch(request["node"]):
        raise UserError(f"{request['node']!r}: is no id of a node; give one such as Transform")
    return (request[name] for name in _FIELDS)
