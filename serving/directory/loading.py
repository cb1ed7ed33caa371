"""A pushed pair in memory: loaded whole, compared with its manifest, and asked once before anybody else asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import saved_model_pb2

from contracts.arrays import Arrays
from contracts.models import MODELS
from serving.acceptance import read_acceptance
from serving.directory.layout import ServingError, hold, model_folder, read_manifest
from serving.directory.pushing import common_graph, read_card
from serving.directory.switching import verify
from serving.examples import EXAMPLES, RAW_TENSORS, SERIALIZED, tensors_of
from transforms.features import FeatureSpace

Signature = Callable[..., Mapping[str, tf.Tensor]]


@dataclass(frozen=True)
class LoadedModel:
    """One model of a pair.

    Attributes:
        space: its features.
        signatures: by name.
        definitions: of the signatures, as TensorFlow Serving shows them.
        module: what the signatures live as long as.
    """

    space: FeatureSpace
    signatures: Mapping[str, Signature]
    definitions: Mapping[str, Any]
    module: Any

    def ask(self, signature: str, inputs: Mapping[str, tf.Tensor]) -> Arrays:
        """The outputs, by name, each [N, ...]."""
        return {name: tensor.numpy() for name, tensor in self.signatures[signature](**inputs).items()}


@dataclass(frozen=True)
class LoadedPair:
    """Both models of a version; its files stay while it lives.

    Attributes:
        version: its number.
        models: by name.
        facts: from its manifest.
        pushed_at: when it was pushed first.
        lock: keeps its files.
    """

    version: int
    models: Mapping[str, LoadedModel]
    facts: Mapping[str, Any]
    pushed_at: datetime
    lock: BinaryIO


def load_pair(root: Path, version: int) -> LoadedPair:
    """Loads a kept version.

    Raises:
        ServingError: a file differs from what was pushed, or the two models are no pair.
    """
    lock = hold(root, version)
    try:
        verify(root, version)
        folders = {model: model_folder(root, version, model) for model in MODELS}
        cards = {model: read_card(folder) for model, folder in folders.items()}
        manifest = read_manifest(root, version)
        _check_pair(version, manifest, cards)
        models = {model: _load(folder, cards[model]) for model, folder in folders.items()}
        return LoadedPair(
            version, models, manifest["facts"], datetime.fromisoformat(manifest["pushed_at"]), lock
        )
    except BaseException:
        lock.close()
        raise


def _check_pair(version: int, manifest: Mapping[str, Any], cards: Mapping[str, Mapping[str, Any]]) -> None:
    if common_graph(cards) != manifest["transform_graph"]:
        raise ServingError(f"version {version}: its models and its manifest name different transform graphs")


def _load(folder: Path, card: Mapping[str, Any]) -> LoadedModel:
    content = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph = content.meta_graphs[0]
    definitions = {name: MessageToDict(graph.signature_def[name]) for name in (SERIALIZED, RAW_TENSORS)}
    module = tf.saved_model.load(str(folder))
    space = FeatureSpace.from_json(json.dumps(card["feature_space"]))
    signatures = {name: module.signatures[name] for name in (SERIALIZED, RAW_TENSORS)}
    if set(signatures[RAW_TENSORS].structured_input_signature[1]) != {f.name for f in space.model_inputs()}:
        raise ServingError(
            f"{folder}: an older program trained it, and named its features otherwise; run the pipeline again with "
            "--re-baseline --reason TEXT, and the new pair serves"
        )
    loaded = LoadedModel(space, signatures, definitions, module)
    requests, _ = read_acceptance(str(folder))
    # The first call of a signature compiles it, which the first caller should not have to wait for.
    for rows in (requests[:1], requests):
        loaded.ask(SERIALIZED, {EXAMPLES: tf.constant(rows)})
        loaded.ask(RAW_TENSORS, tensors_of(rows, space.model_inputs()))
    return loaded
