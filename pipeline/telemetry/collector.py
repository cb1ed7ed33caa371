"""Sends lines and traces by OpenTelemetry's own SDK to whatever takes OTLP over HTTP."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from logging.handlers import MemoryHandler
from typing import Any

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator

from pipeline.node_result import NodeResult

SERVICE = "retail-inventory"
WHOLE_RUN = "run"
_FLUSH_MS = 5_000
"""A collector that is slow or gone holds up the end of a process for so long at most."""
_DELAY_MS = 200
"""Of a process that is killed, the lines of the last moments before stay in the file alone."""
_TIMEOUT_S = 5
_MOST_KEPT = 100_000
_NS = 1_000_000_000


@dataclass(frozen=True)
class Collector:
    """Addresses that take OTLP over HTTP.

    Attributes:
        logs: of lines, in full; empty: they are not sent.
        traces: the same of traces.
    """

    logs: str = ""
    traces: str = ""

    def sending(self, run_id: str, process: str, *, later: bool) -> Sending | None:
        """What sends a process's lines, at once or, where it forks, at its end."""
        return Sending(self.logs, run_id, process, later=later) if self.logs else None

    def send_trace(self, run_id: str, status: str, results: Sequence[NodeResult]) -> bool:
        """Sends a run that ended as a trace, a span for each node that began; returns whether it was sent in time.

        Ids follow from the run's, so that lines of other processes have named them already, and a retry of the end
        sends the same trace again.
        """
        begun = [result for result in results if result.began]
        if not self.traces or not begun:
            return True
        processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=self.traces, timeout=_TIMEOUT_S))
        ids = _Ids(run_id)
        provider = TracerProvider(
            id_generator=ids,
            resource=_resource(run_id, WHOLE_RUN),
            shutdown_on_exit=False,
        )
        provider.add_span_processor(processor)
        tracer = provider.get_tracer(SERVICE)
        ends = [_ns(result.began + result.seconds) for result in begun]
        whole = tracer.start_span(
            WHOLE_RUN,
            context.Context(),
            start_time=_ns(min(result.began for result in begun)),
            attributes={"run_id": run_id, "status": status},
        )
        _mark(whole, "" if status == "pushed" else status)
        inside = trace.set_span_in_context(whole, context.Context())
        for result, end in zip(begun, ends, strict=True):
            ids.of = result.node
            figures: dict[str, str | int] = {
                "run_id": run_id,
                "node": result.node,
                "state": result.state,
                "peak_mib": result.peak_mib,
            }
            span = tracer.start_span(result.node, inside, start_time=_ns(result.began), attributes=figures)
            _mark(span, "" if result.ended_well else result.state)
            span.end(end)
        whole.end(max(ends))
        return processor.force_flush(_FLUSH_MS)


class Sending:
    """Sends one process's lines."""

    def __init__(self, address: str, run_id: str, process: str, *, later: bool) -> None:
        self._address = address
        self._run_id, self._process = run_id, process
        self._provider: LoggerProvider | None = None
        self._handler: logging.Handler = (
            MemoryHandler(_MOST_KEPT, logging.CRITICAL + 1, flushOnClose=False) if later else self._begin()
        )

    def _begin(self) -> logging.Handler:
        ids = trace.SpanContext(
            trace_id(self._run_id),
            span_id(self._run_id, self._process),
            False,
            trace.TraceFlags.get_default(),
        )
        context.attach(trace.set_span_in_context(trace.NonRecordingSpan(ids)))
        self._provider = LoggerProvider(_resource(self._run_id, self._process), shutdown_on_exit=False)
        self._provider.add_log_record_processor(
            BatchLogRecordProcessor(
                OTLPLogExporter(endpoint=self._address, timeout=_TIMEOUT_S), schedule_delay_millis=_DELAY_MS
            )
        )
        return LoggingHandler(logger_provider=self._provider)

    def send(self, record: logging.LogRecord, figures: Iterable[str]) -> None:
        """Sends a line, or keeps it for the end.

        Args:
            record: of it; its figures are taken apart.
            figures: their names.
        """
        for name in figures:
            for part, value in _parts(name, record.__dict__.pop(name)):
                record.__dict__[part] = value
        self._handler.handle(record)

    def flush(self) -> None:
        """Sends what there is, and waits for it, but not for long."""
        if isinstance(self._handler, MemoryHandler):
            kept, self._handler = self._handler.buffer, self._begin()
            for record in kept:
                self._handler.handle(record)
        if self._provider is not None:
            self._provider.force_flush(_FLUSH_MS)


def _parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """A figure as attributes, which are neither nothing nor mappings: ``windows.train`` of ``windows``."""
    if isinstance(value, Mapping):
        for key, found in value.items():
            yield from _parts(f"{name}.{key}", found)
    elif isinstance(value, (list, tuple)):
        if all(isinstance(found, str) for found in value) or all(type(found) is int for found in value):
            yield name, value
        else:
            yield name, json.dumps(value, default=str)
    elif isinstance(value, (str, bool, int, float)):
        yield name, value
    elif value is not None:
        yield name, str(value)


def trace_id(run_id: str) -> int:
    """Of a run's trace, as its processes come to it without telling each other."""
    return int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:16], "big")


def span_id(run_id: str, process: str) -> int:
    """Of a node's span, in the same way."""
    return int.from_bytes(hashlib.sha256(f"{run_id}/{process}".encode()).digest()[:8], "big")


class _Ids(IdGenerator):
    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self.of = WHOLE_RUN

    def generate_span_id(self) -> int:
        return span_id(self._run_id, self.of)

    def generate_trace_id(self) -> int:
        return trace_id(self._run_id)


def _resource(run_id: str, process: str) -> Resource:
    return Resource.create({"service.name": SERVICE, "run_id": run_id, "node": process})


def _mark(span: trace.Span, fault: str) -> None:
    code = trace.StatusCode.ERROR if fault else trace.StatusCode.OK
    span.set_status(trace.Status(code, fault or None))


def _ns(seconds: float) -> int:
    return int(seconds * _NS)
