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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from components.errors import UserError
from pipeline import one_node
from pipeline.code_stamp import code_stamp
from pipeline.node_process import freeze_memory
from pipeline.node_socket import LOCK, address
from pipeline.run_folder import RunFolder
from pipeline.workspace import Workspace


@dataclass
class _Job:
    run: RunFolder
    node: str
    client: socket.socket


class NodeServer:
    """Serves one workspace until it is told to stop by SIGTERM or SIGINT; its nodes end with it."""

    def __init__(self, workspace: Workspace) -> None:
        """Args: workspace: whose nodes are run."""
        self._workspace = workspace
        self._stamp = code_stamp()
        self._jobs: dict[int, _Job] = {}
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
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(wakeup, selectors.EVENT_READ)
            while not self._stopped:
                for key, _ in selector.select():
                    if key.fileobj is wakeup:
                        wakeup.recv(4096)
                    elif key.fileobj is listener:
                        selector.register(listener.accept()[0], selectors.EVENT_READ)
                    else:
                        self._hear(selector, key.fileobj)  # type: ignore[arg-type]
                self._collect()
        for pid in self._jobs:
            _kill(pid)
            os.waitpid(pid, 0)

    def _hear(self, selector: selectors.BaseSelector, client: socket.socket) -> None:
        """A request, of one line; or the end of a client, and so of its node."""
        with contextlib.suppress(ConnectionError):
            text = client.recv(1 << 16)
            if text:
                answer = self._begin(json.loads(text), client)
                if answer is not None:
                    client.sendall(json.dumps(answer).encode() + b"\n")
                return
        selector.unregister(client)
        client.close()
        for pid, job in self._jobs.items():
            if job.client is client:
                _kill(pid)

    def _begin(self, request: dict[str, str], client: socket.socket) -> dict[str, Any] | None:
        if request["code"] != self._stamp:
            return {"stale": True}
        try:
            run = RunFolder(self._workspace, request["run"])
            pid = one_node.start(run, request["node"])
        except UserError as error:
            return {"refused": str(error)}
        self._jobs[pid] = _Job(run, request["node"], client)
        return None

    def _collect(self) -> None:
        for pid in list(self._jobs):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            job = self._jobs.pop(pid)
            result = asdict(one_node.ended(job.run, job.node, status))
            with contextlib.suppress(OSError):
                job.client.sendall(json.dumps({"result": result}, default=str).encode() + b"\n")

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


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
