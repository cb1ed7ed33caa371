"""The service over real sockets, in this process, run as ``serve`` runs it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette

from pipeline.operations.serve import server_config
from serving.service.certificate import Certificate


@contextmanager
def listening(app: Starlette, certificate: Certificate | None = None) -> Iterator[int]:
    """The port on 127.0.0.1 that it answers on while the block lasts."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = uvicorn.Server(server_config(app, certificate))
        running = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        running.start()
        try:
            yield taken.getsockname()[1]
        finally:
            server.should_exit = True
            running.join(30)
