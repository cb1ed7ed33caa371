"""The figures of a workspace, from its store, its serving directory and ML Metadata."""

from __future__ import annotations

from datetime import date, datetime
from importlib.resources import files
from typing import Any

import psycopg
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from ml_metadata.proto.metadata_store_pb2 import Artifact

from components.metrics_exporter import lineage
from contracts import nodes, properties
from contracts.models import DEMAND
from pipeline.operations.retraining.errors import LOOK_BACK
from pipeline.operations.retraining.figures import Figures, Pair, Period, Training
from pipeline.reporting.outputs import artifacts_of_run, first, span_and_version
from pipeline.reporting.status import read_only
from pipeline.retraining_options import RetrainingOptions
from pipeline.workspace import Workspace
from serving.directory.layout import read_manifest, read_state

_ENDED = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)
_TRAININGS = 200
"""Newest runs that are looked at; more than begin in a week."""


def read_figures(
    connection: psycopg.Connection,
    workspace: Workspace,
    options: RetrainingOptions,
    period_days: int,
    challengers: bool = False,
) -> Figures:
    """Everything that a decision is made from.

    Args:
        connection: to the store, as a writer.
        period_days: 1 or 7.
        challengers: whether new pairs are challengers first.

    Raises:
        ServingError: the serving directory cannot be read.
    """
    state = read_state(workspace.serving)
    version = state.stable
    facts: dict[str, Any] = {}
    pair = None
    if version is not None:
        manifest = read_manifest(workspace.serving, version)
        facts = manifest["facts"]
        pair = _pair(version, manifest)
    batch = _Batches(workspace)
    of_pair = _of_pair(connection, pair, facts, options, period_days, batch) if pair else {}
    sold = connection.execute("SELECT max(date) FROM actuals WHERE units_sold IS NOT NULL").fetchone()
    dates = [day for day in (sold[0] if sold else None, batch.last_date) if day is not None]
    asked = connection.execute("SELECT max(decided_at) FROM retraining_decisions WHERE due").fetchone()
    return Figures(
        period_days=period_days,
        pair=pair,
        newest_date=max(dates, default=None),
        newest_span=batch.span,
        trainings=_trainings(connection),
        asked_at=asked[0] if asked else None,
        challenger=state.canary if challengers else None,
        **of_pair,
    )


def _pair(version: int, manifest: dict[str, Any]) -> Pair:
    facts = manifest["facts"]
    metrics = facts.get("metrics", {}).get(DEMAND, {})
    return Pair(
        version,
        datetime.fromisoformat(manifest["pushed_at"]),
        date.fromisoformat(facts["last_date"]),
        metrics.get("wape"),
        metrics.get("bias"),
    )


def _of_pair(
    connection: psycopg.Connection,
    pair: Pair,
    facts: dict[str, Any],
    options: RetrainingOptions,
    period_days: int,
    batch: _Batches,
) -> dict[str, Any]:
    def rows(name: str, **values: Any) -> list[Any]:
        return connection.execute(_sql(name), {"period_days": period_days, **values}).fetchall()

    ((new, units),) = rows("new_share.sql", version=pair.version, periods=options.new_periods)
    ((runs, drifted),) = rows("drifted.sql", since=pair.pushed_at, runs=options.drift_runs)
    columns = rows("new_columns.sql", since=pair.pushed_at, run_id=facts["run_id"])
    return {
        "periods": [Period(*row) for row in rows("scored_periods.sql", periods=LOOK_BACK)],
        "new_share": (new or 0.0) / units if units else None,
        "drift_runs": runs,
        "drifted": drifted,
        "schema_changes": [
            *(["the reviewed schema"] if batch.schema_changed(facts["run_id"]) else []),
            *(f"new column {name}" for (name,) in columns),
        ],
    }


def _trainings(connection: psycopg.Connection) -> list[Training]:
    found = connection.execute(
        "SELECT began, status, last_date, span FROM runs ORDER BY began DESC LIMIT %s", [_TRAININGS]
    )
    return [Training(*row) for row in found]


def _sql(name: str) -> bytes:
    return (files(__package__) / name).read_bytes()


class _Batches:
    """What ML Metadata know of the newest data and schema; nothing where the workspace has none yet."""

    def __init__(self, workspace: Workspace) -> None:
        self._config = read_only(workspace) if workspace.metadata.exists() else None
        self._store = metadata_store.MetadataStore(self._config) if self._config else None
        rows = self._newest(nodes.EXAMPLE_GEN)
        last = rows.custom_properties[properties.LAST_DATE].string_value if rows else ""
        self.last_date = date.fromisoformat(last) if last else None
        self.span = span_and_version(rows)[0] if rows else None

    def schema_changed(self, run_id: str) -> bool:
        """Whether the newest reviewed schema is not the one that a run was given."""
        newest = self._newest(nodes.SCHEMA_GEN)
        if self._config is None or newest is None:
            return False
        then = first(artifacts_of_run(self._config, run_id), nodes.SCHEMA_GEN, "schema")
        there = [found for found in (newest, then) if found is not None]
        digests = {lineage.digest(found.uri, lineage.SCHEMA_GRAPH) for found in there}
        return len(digests) == 2 and None not in digests

    def _newest(self, node: str) -> Artifact | None:
        """What the node put out last, be it taken from a cache."""
        if self._store is None:
            return None
        ended = [
            execution.id
            for context in self._store.get_contexts_by_type("node")
            if context.name.rsplit(".", 1)[-1] == node
            for execution in self._store.get_executions_by_context(context.id)
            if execution.last_known_state in _ENDED
        ]
        events = self._store.get_events_by_execution_ids([max(ended)]) if ended else []
        made = [event.artifact_id for event in events if event.type == metadata_store_pb2.Event.OUTPUT]
        return next(iter(self._store.get_artifacts_by_id(made)), None) if made else None
