"""Runs the prediction service."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import uvicorn
from starlette.applications import Starlette

from contracts.errors import UserError, cannot
from pipeline.workspace import Workspace
from serving.service.app import build_app
from serving.service.certificate import Certificate
from serving.service.guard import Guard
from serving.service.holder import Holder

if TYPE_CHECKING:
    from serving.objects.following import Follower

_GRACE_SECONDS = 30


def server_config(app: Starlette, certificate: Certificate | None = None) -> uvicorn.Config:
    """How the service is run."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        server_header=False,
        # Who calls is who is connected: anybody can write X-Forwarded-For, and so guess under other names.
        proxy_headers=False,
    )
    if certificate is not None:
        config.load()
        config.ssl = certificate.context
    return config


def serve_pair(
    workspace: Workspace,
    host: str,
    port: int,
    guard: Guard | None,
    certificate: Certificate | None,
    poll_seconds: float,
    threads: int,
    say: Callable[[str], None],
    follower: Follower | None = None,
) -> None:
    """Answers until it is stopped, and says where; open requests are answered before it ends.

    Raises:
        UserError: it cannot listen there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only for sockets that name their protocol; with it an answer takes 40 ms more.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
        except OSError as error:
            what = f"cannot listen on {host}, port {port}"
            raise cannot(error, what, "give another --port or --host", UserError) from error
        # Who calls before the pair is loaded waits instead of being turned away.
        listening.listen()
        config = server_config(
            build_app(Holder(workspace.serving), guard, poll_seconds, threads, certificate, follower),
            certificate,
        )
        # What is imported by now stays: the collection after each reload, which holds up answers, need not look at it.
        gc.collect()
        gc.freeze()
        shown = f"[{host}]" if ":" in host else host
        scheme = "http" if certificate is None else "https"
        say(f"listens on {scheme}://{shown}:{listening.getsockname()[1]}")
        uvicorn.Server(config).run(sockets=[listening])
