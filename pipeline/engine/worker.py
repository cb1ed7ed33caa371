"""A worker of a job on a cluster: what Beam's own ``boot`` is in its containers, for a machine with the product on it.

A TaskManager starts it, it asks the TaskManager what for, and becomes Beam's harness.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, MutableMapping
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import grpc
from apache_beam.portability.api import beam_provision_api_pb2, beam_provision_api_pb2_grpc
from apache_beam.runners.worker import sdk_worker_main
from google.protobuf import json_format

from contracts.errors import SystemFault

_PATIENCE = 60.0


def work(worker_id: str, provision_endpoint: str, environment: MutableMapping[str, str]) -> None:
    """Works until the TaskManager has nothing more to do.

    Args:
        worker_id: what the TaskManager calls it.
        provision_endpoint: HOST:PORT where the TaskManager says what for.
        environment: of this process, by which Beam's harness is told.

    Raises:
        SystemFault: there is no TaskManager at that address.
    """
    environment.update(_for_harness(worker_id, _provision(worker_id, provision_endpoint)))
    sdk_worker_main.main(sys.argv)


def _provision(worker_id: str, endpoint: str) -> beam_provision_api_pb2.ProvisionInfo:
    unbounded = [("grpc.max_receive_message_length", -1)]
    with grpc.intercept_channel(
        grpc.insecure_channel(endpoint, options=unbounded), _Named(worker_id)
    ) as channel:
        stub = beam_provision_api_pb2_grpc.ProvisionServiceStub(channel)
        request = beam_provision_api_pb2.GetProvisionInfoRequest()
        try:
            return stub.GetProvisionInfo(request, timeout=_PATIENCE).info
        except grpc.RpcError as error:
            raise SystemFault(
                f"{endpoint}: no TaskManager answers there; this command is for TaskManagers to start"
            ) from error


def _for_harness(worker_id: str, info: beam_provision_api_pb2.ProvisionInfo) -> dict[str, str]:
    """Environment variables as ``sdk_worker_main`` reads them."""
    told = {
        "WORKER_ID": worker_id,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "SEMI_PERSISTENT_DIRECTORY": tempfile.gettempdir(),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }
    endpoints = {
        "CONTROL": info.control_endpoint,
        "LOGGING": info.logging_endpoint,
        "STATUS": info.status_endpoint,
    }
    return told | {
        f"{name}_API_SERVICE_DESCRIPTOR": f'url: "{found.url}"'
        for name, found in endpoints.items()
        if found.url
    }


class _Named(grpc.UnaryUnaryClientInterceptor):
    """Says which worker asks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        metadata = [*(details.metadata or ()), ("worker_id", self._name)]
        return continuation(details._replace(metadata=metadata), request)
