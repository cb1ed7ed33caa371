"""The id of a run of the product, from the run of the DAG: the same however often a task is tried."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Protocol


class DagRun(Protocol):
    """What is needed of Airflow's."""

    run_id: str
    run_after: datetime


def run_id_of(dag_run: DagRun) -> str:
    """Sorts by time, names folders, and is another for each run of any DAG."""
    moment = dag_run.run_after.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}-{hashlib.sha256(dag_run.run_id.encode()).hexdigest()[:8]}"
