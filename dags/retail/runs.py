"""The id of a run of the product, and why it runs, from the run of the DAG: the same however often a task is tried."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol


class DagRun(Protocol):
    """What is needed of Airflow's."""

    run_id: str
    run_after: datetime
    run_type: str


def run_id_of(dag_run: DagRun) -> str:
    """Sorts by time, names folders, and is another for each run of any DAG."""
    moment = dag_run.run_after.astimezone(UTC)
    return f"{moment:%Y%m%dT%H%M%SZ}-{hashlib.sha256(dag_run.run_id.encode()).hexdigest()[:8]}"


_LONGEST = 1000
"""Characters of a reason: whoever posts an event may write a book into it."""


def why(dag_run: DagRun, events: Mapping[Any, Iterable[Any]] | None, asked: str | None) -> str:
    """Why a run of the DAG runs, in words.

    Args:
        events: of assets that started it, by asset.
        asked: what whoever started it by hand said.
    """
    told = [event.extra or {} for of_asset in (events or {}).values() for event in of_asset]
    said = [str(extra.get("said") or extra.get("reason") or "an event that says no reason") for extra in told]
    if said:
        return "; ".join(dict.fromkeys(said))[:_LONGEST]
    by = "by schedule" if str(dag_run.run_type) == "scheduled" else "by hand"
    return f"{by}: {asked}"[:_LONGEST] if asked else by
