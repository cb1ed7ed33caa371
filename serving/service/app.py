"""The prediction service: TensorFlow Serving's REST predict API, for those who do not run TensorFlow Serving."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio
import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from contracts.models import MODELS, REPLENISHMENT
from serving.directory.loading import LoadedModel, LoadedPair
from serving.service.arrays import BadRequest
from serving.service.bodies import decoded, read_body
from serving.service.certificate import Certificate
from serving.service.guard import Guard
from serving.service.holder import LOG, Holder
from serving.service.metrics import Metrics
from serving.service.requests import answer, parse
from serving.service.tokens import Scope
from serving.tensorflow_serving import METRICS_PATH

if TYPE_CHECKING:
    from serving.objects.following import Follower

WITH_INTERVAL = REPLENISHMENT
"""The model whose answer is for a protection interval."""

_FIRST_LOOK_SECONDS, _LOOK_SECONDS = 10.0, 0.05
_NONE = "no pair was pushed yet; run the pipeline"
_PULLING = "what the object store shows is being pulled; ask again"
_REPLY = "application/json"
Handler = Callable[[Request], Awaitable[Response]]


class Service:
    """The routes, over one holder."""

    def __init__(
        self,
        holder: Holder,
        guard: Guard | None,
        certificate: Certificate | None,
        poll_seconds: float,
        threads: int,
        follower: Follower | None = None,
    ) -> None:
        """Args: poll_seconds: between two looks at holder, guard and certificate; threads: answers at once."""
        self._follower = follower
        self._holder = holder
        self._guard = guard
        self._certificate = certificate
        self._poll_seconds = poll_seconds
        self._threads = threads
        self._metrics = Metrics()

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Loads what there is, and looks for more until the end."""
        self._limiter = anyio.CapacityLimiter(self._threads)
        await self._refresh()
        with self._following():
            await self._first_look()
            watching = asyncio.create_task(self._watch())
            try:
                yield
            finally:
                watching.cancel()
                with suppress(asyncio.CancelledError):
                    await watching

    def _following(self) -> AbstractContextManager[None]:
        follower = self._follower
        if follower is None:
            return nullcontext()
        from serving.objects.following import following

        return following(follower, self._poll_seconds, partial(self._metrics.show_source, follower))

    async def _first_look(self) -> None:
        """What was pulled before answers at once; where there is nothing, the first callers wait, but not for ever."""
        deadline = time.monotonic() + _FIRST_LOOK_SECONDS
        while self._follower is not None and not self._holder.snapshot.pairs:
            looked = self._follower.looked
            await self._refresh()
            if looked or time.monotonic() > deadline:
                break
            await asyncio.sleep(_LOOK_SECONDS)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            await self._refresh()

    async def _refresh(self) -> None:
        # In a thread of its own kind: loading must not take the place of an answer.
        changed = await anyio.to_thread.run_sync(self._taken_up)
        self._metrics.show(self._holder, changed=changed)
        self._metrics.show_files(self._guard, self._certificate)

    def _taken_up(self) -> bool:
        for watched in (self._guard, self._certificate):
            if watched is not None:
                watched.refresh()
        changed = self._holder.refresh()
        if changed:
            _give_back()
        return changed

    async def predict(self, request: Request) -> Response:
        """POST /v1/models/<model>[/versions/<version>|/labels/<label>]:predict."""
        model, begun = request.path_params["model"], time.perf_counter()
        known = model if model in MODELS else "unknown"
        try:
            pair = self._pair(request)
            body, coding = await read_body(request), request.headers.get("content-encoding", "")
            work = partial(_answered, pair.models[model], model, body, coding)
            with self._metrics.in_flight.track_inprogress():
                rows, content = await anyio.to_thread.run_sync(work, limiter=self._limiter)
        except BadRequest as error:
            self._metrics.requests.labels(known, 400).inc()
            return _error(400, str(error))
        except Exception as error:
            code = error.status_code if isinstance(error, HTTPException) else 500
            self._metrics.requests.labels(known, code).inc()
            raise
        self._metrics.requests.labels(known, 200).inc()
        self._metrics.rows.labels(known).inc(rows)
        self._metrics.seconds.labels(known).observe(time.perf_counter() - begun)
        return Response(content, media_type=_REPLY)

    async def status(self, request: Request) -> Response:
        """GET /v1/models/<model>[/versions/<version>|/labels/<label>]."""
        named = {"version", "label"} & set(request.path_params)
        pairs = [self._pair(request)] if named else list(self._holder.snapshot.pairs.values())
        self._model(request)
        shown = [
            {
                "version": str(pair.version),
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
            for pair in sorted(pairs, key=lambda pair: -pair.version)
        ]
        return _json({"model_version_status": shown})

    async def metadata(self, request: Request) -> Response:
        """GET /v1/models/<model>[/versions/<version>|/labels/<label>]/metadata."""
        pair, model = self._pair(request), self._model(request)
        definitions = pair.models[model].definitions
        return _json(
            {
                "model_spec": {"name": model, "signature_name": "", "version": str(pair.version)},
                "metadata": {"signature_def": {"signature_def": definitions}},
            }
        )

    async def health(self, _: Request) -> Response:
        """GET /healthz: the process lives."""
        return _json({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """GET /readyz: 200 where a pair answers; tells what is wrong with the newest one, if anything is."""
        pairs = self._holder.snapshot.pairs
        content = {label: str(pair.version) for label, pair in pairs.items()}
        if self._holder.failure:
            content["failure"] = self._holder.failure
        if self._follower is not None and self._follower.failure:
            content["source_failure"] = self._follower.failure
        return _json(content, 200 if "stable" in pairs else 503)

    async def metrics(self, _: Request) -> Response:
        """GET /metrics, and where TensorFlow Serving has them."""
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)

    def guarded(self, handler: Handler, scope: Scope | None) -> Handler:
        """A handler that answers only who may call; scope: what it needs, None: nothing."""
        guard = self._guard
        if guard is None or scope is None:
            return handler

        async def judged(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode("latin-1")
            host = request.client.host if request.client else ""
            refusal = guard.refuses(given, host, scope)
            if refusal is None:
                return await handler(request)
            self._metrics.refused.labels(refusal.status).inc()
            return _error(refusal.status, refusal.message, refusal.headers)

        return judged

    def _model(self, request: Request) -> str:
        model: str = request.path_params["model"]
        if model not in MODELS:
            raise HTTPException(404, f"no model {model!r}; there are {' and '.join(MODELS)}")
        return model

    def _pair(self, request: Request) -> LoadedPair:
        self._model(request)
        pairs = self._holder.snapshot.pairs
        if "stable" not in pairs:
            source = self._follower and (self._follower.failure or _PULLING)
            raise HTTPException(503, self._holder.failure or source or _NONE)
        label, version = (request.path_params.get(name) for name in ("label", "version"))
        if version is not None:
            found = next((pair for pair in pairs.values() if pair.version == version), None)
        else:
            found = pairs.get(label or "stable")
        if found is None:
            shown = ", ".join(f"{name} {pair.version}" for name, pair in pairs.items())
            raise HTTPException(404, f"nothing answers as {label or version}; what answers: {shown}")
        return found


def build_app(
    holder: Holder,
    guard: Guard | None = None,
    poll_seconds: float = 2.0,
    threads: int = 2,
    certificate: Certificate | None = None,
    follower: Follower | None = None,
) -> Starlette:
    """The service as an ASGI application.

    Args:
        holder: of the pairs; loaded when the application starts.
        guard: judges by their tokens who may call; health is open to all. None: no token is asked for.
        poll_seconds: between two looks at the serving directory, the tokens and the certificate.
        threads: requests that are computed at once.
        certificate: that it is reached with, which is looked after here; None: by plain HTTP.
        follower: has the holder's directory follow an object store; None: others change it.
    """
    service = Service(holder, guard, certificate, poll_seconds, threads, follower)
    base = "/v1/models/{model:str}"
    places = ("", "/versions/{version:int}", "/labels/{label:str}")
    handlers: list[tuple[str, Handler, str, Scope | None]] = [
        *((f"{base}{place}:predict", service.predict, "POST", "predict") for place in places),
        *((f"{base}{place}/metadata", service.metadata, "GET", "predict") for place in places),
        *((f"{base}{place}", service.status, "GET", "predict") for place in places),
        ("/healthz", service.health, "GET", None),
        ("/readyz", service.ready, "GET", None),
        ("/metrics", service.metrics, "GET", "metrics"),
        (METRICS_PATH, service.metrics, "GET", "metrics"),
    ]
    return Starlette(
        routes=[
            Route(path, service.guarded(handler, scope), methods=[method])
            for path, handler, method, scope in handlers
        ],
        lifespan=service.lifespan,
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )


def _answered(model: LoadedModel, name: str, body: bytes, coding: str) -> tuple[int, bytes]:
    """How many rows were asked for, and the answer to them."""
    asked = parse(decoded(body, coding), model.space, needs_interval=name == WITH_INTERVAL)
    return asked.rows, answer(model.ask(asked.signature, asked.inputs), asked.by_row)


def _give_back() -> None:
    """Frees the old pair's memory, for the system and not for this process alone."""
    # Its graphs are full of cycles; left to itself, Python keeps several of them for long.
    gc.collect()
    # glibc keeps what was freed in an arena of each thread; other C libraries have no such call.
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content, option=orjson.OPT_INDENT_2), status, media_type=_REPLY)


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps({"error": message}), status, headers, media_type=_REPLY)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, error.detail)


async def _failed(request: Request, error: Exception) -> Response:
    LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _error(500, "the service failed; its log says why")
