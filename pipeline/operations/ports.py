"""The ports on loopback that this program's services use unless told otherwise."""

from __future__ import annotations

from typing import NamedTuple


class Port(NamedTuple):
    """Attributes: number: of the port; service: who uses it; other: how to have it use another."""

    number: int
    service: str
    other: str


SERVING = Port(8501, "serve", "call serve with another --port")
"""Where TensorFlow Serving answers REST calls too."""
SERVING_GRPC = Port(8500, "TensorFlow Serving's gRPC", "start tensorflow_model_server with another --port")
AIRFLOW = Port(8080, "Airflow", "call make airflow with another AIRFLOW_PORT")
AIRFLOW_PAGES = Port(AIRFLOW.number + 1, "the runs' pages beside Airflow", AIRFLOW.other)
PORTS = (SERVING, SERVING_GRPC, AIRFLOW, AIRFLOW_PAGES)
"""All of them. The embedded PostgreSQL takes any that is free."""
