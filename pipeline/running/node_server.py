"""A process that has imported TFX and forks a child for each node it is asked for.

An orchestrator starts a process for every task; with this server beside it each task's own process is a light one
that asks and waits. The server holds no state: what it is asked for is on disk, and a client that goes away takes
its node with it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from contracts.errors import UserError
from pipeline.node_result import NodeResult
from pipeline.running import one_node
from pipeline.running.code_stamp import code_stamp
from pipeline.running.node_process import freeze_memory, report_on
from pipeline.running.node_socket import LOCK, Line, address
from pipeline.running.run_folder import NODE_ID, RunFolder
from pipeline.workspace import Workspace

_FIELDS = ("code", "run", "node")
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class _Job:
    attempt: one_node.Attempt
    client: Line


class NodeServer:
    """Serves one workspace until it is told to stop by SIGTERM or SIGINT; its nodes end with it.

    A client sends requests of one line each, JSON with ``code``, ``run`` and ``node``, and gets a line for each: the
    ``result``, ``stale`` where it runs other code, or ``refused`` with the reason. Whatever one client does, or fails
    to do, is nothing to the others.
    """

    def __init__(self, workspace: Workspace) -> None:
        """Args: workspace: whose nodes are run."""
        self._workspace = workspace
        self._stamp = code_stamp()
        self._jobs: list[_Job] = []
        self._clients: dict[int, Line] = {}
        self._stopped = False

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
            with self._signals() as wakeup, address(self._workspace.root) as path:
                Path(path).unlink(missing_ok=True)
                with socket.socket(socket.AF_UNIX) as listener:
                    before = os.umask(0o077)
                    listener.bind(path)
                    os.umask(before)
                    listener.listen()
                    freeze_memory()
                    try:
                        self._loop(listener, wakeup)
                    finally:
                        Path(path).unlink()

    def _loop(self, listener: socket.socket, wakeup: socket.socket) -> None:
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(listener, selectors.EVENT_READ)
                selector.register(wakeup, selectors.EVENT_READ)
                while not self._stopped:
                    # A child's report may be waiting to be read, which no signal tells of.
                    for key, events in selector.select(_POLL_SECONDS if self._jobs else None):
                        if key.fileobj is wakeup:
                            wakeup.recv(4096)
                        elif key.fileobj is listener:
                            self._welcome(selector, listener)
                        elif key.fd in self._clients:
                            self._hear(self._clients[key.fd], events)
                    self._collect()
                    self._tend(selector)
        finally:
            for job in self._jobs:
                job.attempt.child.end()

    def _welcome(self, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        # The client may be gone already, or there may be too many of them: then it hears nothing.
        with contextlib.suppress(OSError):
            client = listener.accept()[0]
            self._clients[client.fileno()] = Line(client)
            selector.register(client, selectors.EVENT_READ)

    def _hear(self, client: Line, events: int) -> None:
        """Its requests, of one line each; or the end of a client, and so of its nodes."""
        if events & selectors.EVENT_WRITE:
            client.flush()
        if events & selectors.EVENT_READ:
            for line in client.lines():
                answer = self._begin(line, client)
                if answer is not None:
                    client.send(answer)

    def _tend(self, selector: selectors.BaseSelector) -> None:
        """Drops clients that are gone, and waits for those that are slow to read."""
        for number, client in list(self._clients.items()):
            if client.gone:
                selector.unregister(client.socket)
                client.socket.close()
                del self._clients[number]
                for job in self._jobs:
                    if job.client is client:
                        job.attempt.child.kill()
            else:
                wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.unsent else 0)
                selector.modify(client.socket, wanted)

    def _begin(self, line: bytes, client: Line) -> dict[str, Any] | None:
        node = ""
        try:
            code, run_id, node = _fields(line)
            if code != self._stamp:
                return {"stale": True}
            attempt = one_node.start(RunFolder(self._workspace, run_id), node)
        except UserError as error:
            return {"refused": str(error)}
        except Exception as error:
            # Such as no process or no room to be had: this node failed, and those that run go on.
            result = NodeResult(node)
            result.take(report_on(error))
            return {"result": asdict(result)}
        self._jobs.append(_Job(attempt, client))
        return None

    def _collect(self) -> None:
        for job in list(self._jobs):
            result = job.attempt.ended()
            if result is not None:
                self._jobs.remove(job)
                job.client.send({"result": asdict(result)})

    @contextlib.contextmanager
    def _signals(self) -> Any:
        """A socket that can be read whenever a signal came; those that stop are noted."""

        def stop(*_: object) -> None:
            self._stopped = True

        ours, theirs = socket.socketpair()
        with ours, theirs:
            for end in (ours, theirs):
                end.setblocking(False)
            signal.set_wakeup_fd(theirs.fileno())
            for number, act in (
                (signal.SIGCHLD, lambda *_: None),
                (signal.SIGTERM, stop),
                (signal.SIGINT, stop),
            ):
                signal.signal(number, act)
            yield ours
            signal.set_wakeup_fd(-1)


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
