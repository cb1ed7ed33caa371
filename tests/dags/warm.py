"""A node server for the length of a block."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shop import CLEAN, PRODUCT, Shop


@contextmanager
def node_server(shop: Shop) -> Iterator[subprocess.Popen[bytes]]:
    line = [str(PRODUCT), "-m", "pipeline", "node-server", "--workspace", str(shop.workspace)]
    with (shop.root / "node-server.log").open("wb") as log:
        server = subprocess.Popen(line, env=CLEAN, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not (shop.workspace / ".nodes.sock").exists():
            assert server.poll() is None and time.monotonic() < deadline, (
                shop.root / "node-server.log"
            ).read_text()
            time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        server.wait(30)
