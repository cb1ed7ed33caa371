"""The model to beat: the latest blessed one that the same trainer made."""

from __future__ import annotations

from collections.abc import Sequence

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.dsl.components.common import resolver

from contracts import properties


class LatestBlessedOfTrainer(resolver.ResolverStrategy):
    """Resolves ``model`` to the newest model older than ``candidate`` that ``trainer`` made and ``gate`` blessed.

    TFX's own strategy knows models only by their type, so that with two trainers it can hand one trainer's model to
    the other. And it may resolve to the candidate itself once that is blessed, which would compare a model with
    itself and make no two runs alike; here only older models count. A blessing of TFMA's own is only a part of the
    gate's, so it does not count.
    """

    def __init__(self, trainer: str, gate: str, withdrawn: Sequence[int] = (), newest: int | None = None):
        """Args:
        trainer: node id of the trainer.
        gate: node id of the model gate.
        withdrawn: ids that do not count.
        newest: id of the last model that counts; None: all do.
        """
        self._trainer = trainer
        self._gate = gate
        self._withdrawn = frozenset(withdrawn)
        self._newest = newest

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]]:
        candidate = input_dict["candidate"]
        blessed = blessed_models(store, input_dict["blessing"], self._gate)
        older = [
            model
            for model in input_dict["model"]
            if model.id in blessed - self._withdrawn
            and candidate
            and model.id < candidate[0].id
            and (self._newest is None or model.id <= self._newest)
        ]
        mine = made_by(store, [model.id for model in older], self._trainer)
        found = max((model for model in older if model.id in mine), key=lambda model: model.id, default=None)
        return {"candidate": candidate, "blessing": [], "model": [found] if found else []}


def blessed_models(store: mlmd.MetadataStore, blessings: list[types.Artifact], gate: str) -> set[int]:
    """Ids of the models that this gate blessed."""
    mine = made_by(store, [blessing.id for blessing in blessings], gate)
    return {
        blessing.get_int_custom_property(properties.CURRENT_MODEL_ID)
        for blessing in blessings
        if blessing.id in mine and blessing.get_int_custom_property(properties.BLESSED) == 1
    }


def made_by(store: mlmd.MetadataStore, artifact_ids: list[int], node_id: str) -> set[int]:
    """Those of the artifacts that an execution of this node put out, by lineage."""
    if not artifact_ids:
        return set()
    made = [
        event
        for event in store.get_events_by_artifact_ids(artifact_ids)
        if event.type == metadata_store_pb2.Event.OUTPUT
    ]
    return {event.artifact_id for event in made if node_id in _nodes(store, event.execution_id)}


def _nodes(store: mlmd.MetadataStore, execution_id: int) -> set[str]:
    # The node's context is named <pipeline>.<node>.
    contexts = store.get_contexts_by_execution(execution_id)
    return {context.name.rsplit(".", 1)[-1] for context in contexts}
