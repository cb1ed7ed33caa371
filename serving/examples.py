"""Raw windows as tf.Examples and as tensors: what both signatures of a served model take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import tensorflow as tf

from transforms.features import Feature

SERIALIZED = "serving_default"
"""Signature on serialized tf.Example strings, input ``examples`` [N]."""

RAW_TENSORS = "raw_tensors"
"""Signature on one tensor [N, size] for each of ``FeatureSpace.model_inputs()``, by name."""

EXAMPLES = "examples"
KINDS = {"float": tf.float32, "int": tf.int64, "string": tf.string}


def raw_spec(features: Sequence[Feature]) -> dict[str, tf.io.FixedLenFeature]:
    """Parsing spec of declared raw features; a feature with a default may be missing from an example."""
    spec = {}
    for f in features:
        default = None if f.default is None else [f.default] * f.size
        spec[f.name] = tf.io.FixedLenFeature([f.size], KINDS[f.dtype], default)
    return spec


def with_only(example: bytes, names: Iterable[str], **texts: bytes) -> bytes:
    """A serialized window with some of its features, and other texts for some of them."""
    parsed = tf.train.Example.FromString(example)
    feature = parsed.features.feature
    for name in set(feature) - set(names):
        del feature[name]
    for name, text in texts.items():
        feature[name].bytes_list.value[:] = [text]
    # The order of a map in a message is nobody's promise: the same window shall be the same bytes.
    return bytes(parsed.SerializeToString(deterministic=True))


def tensors_of(examples: Sequence[bytes], features: Sequence[Feature]) -> Mapping[str, tf.Tensor]:
    """The raw features of serialized windows, each [N, size]; what is missing takes its declared default."""
    return dict(tf.io.parse_example(tf.constant(list(examples)), raw_spec(features)))
