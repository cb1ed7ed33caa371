"""A process that has imported everything, and takes each case in a child of its own: a crash ends no other case.

It reads a JSON line a case from its standard input, ``{"case": ..., "folder": ..., "own_processes": ...}``, and writes
one back: the list of what does not hold.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from pipeline.assembly.fingerprint import code_fingerprint
from pipeline.running.node_process import freeze_memory
from store.server import EmbeddedServer
from tests.matrix import invariants, way
from tests.pipeline import shortcuts

ROOMS = ("components", "pipeline", "store", "trainers", "transforms")
"""Packages of the product of which a case runs most."""

_PARENT_DIED = 1  # PR_SET_PDEATHSIG of prctl(2)

PATIENCE = 900
"""Seconds after which a case counts as hanging."""


def main() -> None:
    """Answers until its input ends or it is told to stop; either way the store stops with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with (
        tempfile.TemporaryDirectory(prefix="matrix-store-") as folder,
        EmbeddedServer(Path(folder)).serving() as store,
    ):
        _import_what_cases_need()
        freeze_memory()
        answers.write("ready\n")
        answers.flush()
        for line in sys.stdin:
            answers.write(json.dumps(_in_a_child(json.loads(line), store.owner)) + "\n")
            answers.flush()


def _import_what_cases_need() -> None:
    """Commands and nodes import as they need; here every case would again, which is a tenth of its time."""
    for room in ROOMS:
        for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
            # These do something when they are imported.
            if not module.name.endswith(("__main__", "migrations.env")):
                importlib.import_module(module.name)
    # What each module imports, for the cache keys.
    code_fingerprint(*ROOMS)
    for library in (
        "jinja2.ext",
        "matplotlib.backends.backend_svg",
        "openpyxl",
        "pyarrow.csv",
        "pyarrow.dataset",
    ):
        importlib.import_module(library)


def _in_a_child(asked: dict[str, Any], template: str) -> list[str]:
    begun = time.monotonic()
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 1
        try:
            # Whoever ends the worker does not wait for its case.
            ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGKILL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.alarm(PATIENCE)
            found = _judge(asked, template)
            os.write(writing, json.dumps(found).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code == 0:
        return list(json.loads(said))
    return [f"the process of the case ended with {code} after {time.monotonic() - begun:.0f} s"]


def _judge(asked: dict[str, Any], template: str) -> list[str]:
    try:
        os.environ["COLUMNS"] = "200"
        if not asked["own_processes"]:
            import tensorflow as tf

            # Optimising a graph that runs a few times takes longer than running it.
            tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
            # As many cases go side by side as there are cores.
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(1)
            # The process is gone before its garbage would be in the way.
            gc.disable()
            shortcuts.take()
            shortcuts.remember_models()
            shortcuts.train_without_compiling()
        database = None if asked["own_processes"] else _database_like(template)
        gone = way.go(asked["case"], Path(asked["folder"]), database, asked["own_processes"])
        return invariants.broken(gone)
    except BaseException:
        return [traceback.format_exc()[-6000:]]


def _database_like(template: str) -> str:
    """A new database of this server with our tables in it, which copying makes faster than migrations do."""
    place = urlsplit(template)
    name = f"case_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(template, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {place.path[1:]}")
    return place._replace(path=f"/{name}").geturl()


if __name__ == "__main__":
    main()
