"""Asks an exported model for serialized windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf

from contracts.arrays import Arrays, Integers, Texts
from contracts.errors import UserError
from contracts.rows import index_in
from serving.examples import KINDS, RAW_TENSORS, SERIALIZED
from transforms.features import FUTURE_PREFIX, HISTORY_PREFIX, PLANNABLE, Feature, FeatureSpace
from transforms.naming import EXTERNAL_PREFIX

Ask = Callable[[tf.Tensor], dict[str, tf.Tensor]]
AskRaw = Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]
ASKED_AT_ONCE = 1024
"""Windows that a model is asked for in one call."""

_OF_ALL_WINDOWS = frozenset(
    feature.name
    for feature in FeatureSpace(1, 1, known_ahead=tuple((c, 1) for c in PLANNABLE.values())).model_inputs()
)
_UNKNOWN = {tf.float32: float("nan"), tf.string: ""}
"""What stands for a column that the model knows and the data has no more, as in the parsing of examples."""


def load(folder: str) -> Ask:
    """The signature of a SavedModel that takes serialized examples [N] and gives named outputs."""
    signature = _signature(folder, SERIALIZED)
    name = next(iter(signature.structured_input_signature[1]))

    def ask(examples: tf.Tensor) -> dict[str, Any]:
        try:
            return dict(signature(**{name: examples}))
        except tf.errors.InvalidArgumentError as error:
            raise _cut_for_another(folder) from error

    return ask


def load_raw(folder: str) -> AskRaw:
    """The signature of a SavedModel that takes raw features by name, each [N, size], and gives named outputs.

    It answers as the other one does, without the way over examples: features that the model does not know are passed
    over, external columns that are not there are unknown.
    """
    signature = _signature(folder, RAW_TENSORS)
    wanted = signature.structured_input_signature[1]

    def ask(features: Mapping[str, tf.Tensor]) -> dict[str, Any]:
        count = next(iter(features.values())).shape[0]
        given = {name: features[name] for name in wanted if name in features}
        for name in set(wanted) - set(given):
            spec = wanted[name]
            if spec.dtype not in _UNKNOWN:
                raise _cut_for_another(folder)
            given[name] = tf.fill([count, spec.shape[1]], _UNKNOWN[spec.dtype])
        if not all(wanted[name].is_compatible_with(tensor) for name, tensor in given.items()):
            raise _cut_for_another(folder)
        return dict(signature(**given))

    return ask


def _signature(folder: str, name: str) -> Any:
    loaded = tf.saved_model.load(folder)
    if not all(
        _is_declared(feature) for feature in loaded.signatures[RAW_TENSORS].structured_input_signature[1]
    ):
        raise _cut_for_another(folder)
    signature = loaded.signatures[name]
    # A signature lives only as long as the object it was loaded with.
    signature.keep_alive = loaded
    return signature


def _is_declared(feature: str) -> bool:
    """Whether windows can have such a feature; models of older programs asked for others, which no data would fill."""
    return feature in _OF_ALL_WINDOWS or feature.startswith(
        (HISTORY_PREFIX + EXTERNAL_PREFIX, FUTURE_PREFIX + EXTERNAL_PREFIX)
    )


def _cut_for_another(folder: str) -> UserError:
    return UserError(
        f"{folder}: this model cannot read the windows, so they were cut for another one; if windows.history, "
        "windows.horizon or the external columns were changed on purpose, or the program was updated, run with "
        "--re-baseline --reason TEXT"
    )


def parse(examples: tf.Tensor, features: Sequence[Feature]) -> Arrays:
    """The named raw features of serialized windows, each [N, size]."""
    spec = {f.name: tf.io.FixedLenFeature([f.size], KINDS[f.dtype]) for f in features}
    return {name: values.numpy() for name, values in tf.io.parse_example(examples, spec).items()}


def index_of(store_id: Texts, product_id: Texts, known_stores: Texts, known_products: Texts) -> Integers:
    """For each series named, its index among the known ones, -1 where it is not one of them; int64."""
    wanted, known = (
        {"store_id": _texts(stores), "product_id": _texts(products)}
        for stores, products in ((store_id, product_id), (known_stores, known_products))
    )
    return np.asarray(pc.fill_null(index_in(wanted, known, list(wanted)), -1)).astype(np.int64)


def _texts(values: Texts) -> pa.Array:
    """Ids as text, whether they come as text or, from TensorFlow, as UTF-8."""
    if len(values) and isinstance(values[0], bytes):
        return pa.array(values, pa.binary()).cast(pa.string())
    return pa.array(values, pa.string())
