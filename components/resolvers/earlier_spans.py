"""The spans before this one whose rows passed the data gate."""

from __future__ import annotations

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.components.common import resolver

from contracts import properties

_PASSED = (metadata_store_pb2.Execution.COMPLETE, metadata_store_pb2.Execution.CACHED)


class EarlierSpans(resolver.ResolverStrategy):
    """Resolves ``earlier`` to the newest version of each span before that of ``current``.

    Only rows that a data gate took as input and let through count. Spans from the current one on are left out, so
    that a second run on the same data resolves to the same rows, and is cached. So are those that end later than the
    current one, as where a batch is cut at a date before them: they know what is still to come.
    """

    def __init__(self, gate_type: str, keep: int):
        """Args: gate_type: TFX type name of the gate; keep: at most so many spans, the newest ones."""
        self._gate_type = gate_type
        self._keep = keep

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        current = input_dict["current"]
        passed = _inputs_that_passed(store, self._gate_type)
        newest: dict[int, types.Artifact] = {}
        for artifact in sorted(input_dict["earlier"], key=lambda found: (found.version or 0, found.id)):
            if artifact.id in passed and current and _before(artifact, current[0]):
                newest[artifact.span] = artifact
        spans = sorted(newest)[-self._keep :] if self._keep else []
        return {"current": current, "earlier": [newest[span] for span in spans]}


def _before(rows: types.Artifact, current: types.Artifact) -> bool:
    # Dates are ISO 8601, which sorts as text.
    last, current_last = (found.get_string_custom_property(properties.LAST_DATE) for found in (rows, current))
    return bool(rows.span < current.span and last <= current_last)


def _inputs_that_passed(store: mlmd.MetadataStore, gate_type: str) -> set[int]:
    executions = store.get_executions_by_type(gate_type)
    passed = [execution.id for execution in executions if execution.last_known_state in _PASSED]
    if not passed:
        return set()
    inputs = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)
    return {event.artifact_id for event in store.get_events_by_execution_ids(passed) if event.type in inputs}
