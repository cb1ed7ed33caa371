"""Keeps some workers busy with cases."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from pathlib import Path

from tests.matrix.cases import Case
from tests.places import ROOT


class Pool:
    """Workers that take cases in turn; ``close`` ends them."""

    def __init__(self, workers: int, keep: Path | None = None, patient: bool = False) -> None:
        """Starts them.

        Args:
            workers: how many.
            keep: folder in which what cases leave behind stays; by default nothing does.
            patient: whether others on this machine go first.
        """
        self._keep = keep
        self._asked: queue.SimpleQueue[tuple[Case, bool, Future[list[str]]] | None] = queue.SimpleQueue()
        self._processes = [_start(patient) for _ in range(workers)]
        self._threads = [
            threading.Thread(target=self._serve, args=[one], daemon=True) for one in self._processes
        ]
        for thread in self._threads:
            thread.start()

    def ask(self, case: Case, own_processes: bool = False) -> Future[list[str]]:
        """What does not hold of a case, once it has gone the whole way."""
        future: Future[list[str]] = Future()
        self._asked.put((case, own_processes, future))
        return future

    def close(self) -> None:
        """Ends the workers, whatever they are doing."""
        for _ in self._threads:
            self._asked.put(None)
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait()

    def _folder(self) -> contextlib.AbstractContextManager[str]:
        if self._keep is None:
            return tempfile.TemporaryDirectory(prefix="matrix-")
        self._keep.mkdir(parents=True, exist_ok=True)
        return contextlib.nullcontext(tempfile.mkdtemp(prefix="matrix-", dir=self._keep))

    def _serve(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        ready = process.stdout.readline()
        while (asked := self._asked.get()) is not None:
            case, own_processes, future = asked
            with self._folder() as folder:
                try:
                    assert ready == "ready\n", "the worker did not start"
                    line = {"case": case, "folder": folder, "own_processes": own_processes}
                    process.stdin.write(json.dumps(line) + "\n")
                    process.stdin.flush()
                    future.set_result(json.loads(process.stdout.readline()))
                except Exception as error:
                    future.set_exception(error)


def _start(patient: bool) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*(["nice"] if patient else []), sys.executable, "-m", "tests.matrix.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
    )
