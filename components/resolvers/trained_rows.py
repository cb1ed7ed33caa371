"""The rows that the models in use know: those of the last span that trained a blessed model."""

from __future__ import annotations

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.components.common import resolver

from components.resolvers.latest_blessed import blessed_models, made_by
from contracts import properties

_INPUTS = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)


class TrainedRows(resolver.ResolverStrategy):
    """Resolves ``trained`` to the newest rows in the lineage of the latest blessed model that has older ones.

    Only rows older than ``current`` and of other content count. So a run never compares its rows with themselves,
    even once its own model is blessed; and a second run on the same data resolves to the same rows, and is cached.
    Before the first blessed model there are none.
    """

    def __init__(self, example_gen: str, gate: str):
        """Args: example_gen: node id of the component that makes rows; gate: node id of the model gate."""
        self._example_gen = example_gen
        self._gate = gate

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        current = input_dict["current"]
        older = {
            rows.id: rows
            for rows in input_dict["trained"]
            if current and rows.id < current[0].id and _content(rows) != _content(current[0])
        }
        older = {found: older[found] for found in made_by(store, list(older), self._example_gen)}
        blessed = blessed_models(store, input_dict["blessing"], self._gate)
        models = sorted((model.id for model in input_dict["model"] if model.id in blessed), reverse=True)
        for model in models if older else []:
            known = [older[found] for found in _lineage(store, model) if found in older]
            if known:
                return _resolved(current, [max(known, key=lambda rows: (rows.span, rows.version, rows.id))])
        return _resolved(current, [])


def _resolved(
    current: list[types.Artifact], trained: list[types.Artifact]
) -> dict[str, list[types.Artifact]]:
    return {"current": current, "trained": trained, "model": [], "blessing": []}


def _content(rows: types.Artifact) -> str:
    return str(rows.get_string_custom_property(properties.FINGERPRINT))


def _lineage(store: mlmd.MetadataStore, artifact_id: int) -> set[int]:
    """Ids of all artifacts that this one was made from, step by step."""
    found: set[int] = set()
    wave = {artifact_id}
    while wave:
        made = {
            event.execution_id
            for event in store.get_events_by_artifact_ids(list(wave))
            if event.type == metadata_store_pb2.Event.OUTPUT
        }
        events = store.get_events_by_execution_ids(list(made)) if made else []
        wave = {event.artifact_id for event in events if event.type in _INPUTS} - found
        found |= wave
    return found
