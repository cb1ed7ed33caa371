"""The command line in a child of a process that has imported TFX: the same code without seconds of imports."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.places import ROOT

_SERVER = """
import json, os, sys
import pipeline.orders.actuals, pipeline.orders.plan, pipeline.running.orchestration, pipeline.running.run
import pipeline.schema_review.editing
import tensorflow as tf
from pipeline.cli.app import main
from pipeline.running.node_process import freeze_memory
from tests.pipeline import shortcuts

# Optimising a graph takes longer than running it a few times. Tests that start the command anew have it optimised.
tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
shortcuts.take()
freeze_memory()
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if not pid:
        for number in (1, 2):
            os.dup2(os.open(asked["folder"] + f"/{number}", os.O_WRONLY | os.O_CREAT), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout, sys.stderr = (os.fdopen(fd, "w", closefd=False) for fd in (1, 2))
        os.environ.update(COLUMNS="200")
        sys.argv = ["retail-inventory", *asked["arguments"]]
        code = 1
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            import traceback
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


@cache
def _server() -> subprocess.Popen[str]:
    made = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
    )
    assert made.stdout is not None and made.stdout.readline() == "ready\n"
    atexit.register(made.kill)
    return made


def command(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Calls ``retail-inventory`` with arguments, and waits for its end."""
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    with tempfile.TemporaryDirectory() as folder:
        server.stdin.write(json.dumps({"folder": folder, "arguments": list(arguments)}) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        said = [(Path(folder) / number).read_text() for number in ("1", "2")]
    return subprocess.CompletedProcess(list(arguments), code, *said)
