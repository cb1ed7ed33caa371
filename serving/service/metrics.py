"""What Prometheus reads of the service: its answers, its pair, its process."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from serving.service.certificate import Certificate
from serving.service.guard import Guard
from serving.service.holder import Holder

if TYPE_CHECKING:
    from serving.objects.following import Follower

_SOURCE = "object_store"


class Metrics:
    """What Prometheus reads, of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        name = "retail_inventory"
        self.requests = Counter(
            f"{name}_requests", "predict requests", ["model", "code"], registry=self.registry
        )
        self.rows = Counter(f"{name}_rows", "rows that were answered", ["model"], registry=self.registry)
        self.seconds = Histogram(
            f"{name}_request_seconds",
            "from a whole request to its answer",
            ["model"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
            registry=self.registry,
        )
        self.version = Gauge(f"{name}_version", "version that answers", ["label"], registry=self.registry)
        self.reloads = Counter(
            f"{name}_reloads", "states of the serving directory that were taken up", registry=self.registry
        )
        self.in_flight = Gauge(
            f"{name}_requests_in_flight",
            "whole requests that are computed or wait for it",
            registry=self.registry,
        )
        self.age = Gauge(
            f"{name}_model_age_seconds",
            "since the pair that answers was pushed",
            ["label"],
            registry=self.registry,
        )
        self.refused = Counter(
            f"{name}_refused_requests",
            "requests without the right token (401), its scope (403), or after too many wrong ones (429)",
            ["code"],
            registry=self.registry,
        )
        self.file_stale = Gauge(
            f"{name}_file_failed",
            "1 where the newest tokens, or the newest certificate, cannot be used",
            ["file"],
            registry=self.registry,
        )
        self.expiry = Gauge(
            f"{name}_certificate_expiry_timestamp_seconds",
            "last moment of the certificate",
            ["file"],
            registry=self.registry,
        )
        self.source_stale = Gauge(
            f"{name}_source_failed",
            "1 where what the object store shows could not be pulled; what was pulled before answers on",
            ["source"],
            registry=self.registry,
        )
        self.source_seen = Gauge(
            f"{name}_source_seen_timestamp_seconds",
            "when the object store was last read and followed",
            ["source"],
            registry=self.registry,
        )
        self.stale = Gauge(
            f"{name}_reload_failed", "1 where the newest state could not be loaded", registry=self.registry
        )

    def show(self, holder: Holder, *, changed: bool) -> None:
        """Takes over what the holder holds."""
        self.stale.set(bool(holder.failure))
        if changed:
            self.reloads.inc()
            self.version.clear()
            self.age.clear()
            for label, pair in holder.snapshot.pairs.items():
                self.version.labels(label).set(pair.version)
                self.age.labels(label).set_function(partial(_seconds_since, pair.pushed_at))

    def show_source(self, follower: Follower) -> None:
        """Takes over what is known of the object store."""
        self.source_stale.labels(_SOURCE).set(bool(follower.failure))
        if follower.seen_at is not None:
            self.source_seen.labels(_SOURCE).set(follower.seen_at)

    def show_files(self, guard: Guard | None, certificate: Certificate | None) -> None:
        """Takes over what is known of tokens and certificate, where there are any."""
        if guard is not None:
            self.file_stale.labels("tokens").set(bool(guard.failure))
        if certificate is not None:
            self.file_stale.labels("certificate").set(bool(certificate.failure))
            self.expiry.labels("certificate").set(certificate.content.expires.timestamp())


def _seconds_since(moment: datetime) -> float:
    return time.time() - moment.timestamp()
