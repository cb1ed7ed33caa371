"""The windows' TFMD schema, which Transform and Evaluator parse them by, from the feature declaration."""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import schema_pb2

from transforms.features import FeatureSpace

_TYPES = {"float": schema_pb2.FLOAT, "int": schema_pb2.INT, "string": schema_pb2.BYTES}


def window_schema(space: FeatureSpace) -> schema_pb2.Schema:
    """Every feature is dense, present in every window and of its declared size."""
    schema = schema_pb2.Schema()
    for declared in space.raw_features():
        feature = schema.feature.add(name=declared.name, type=_TYPES[declared.dtype])
        feature.shape.dim.add(size=declared.size)
        feature.presence.min_fraction = 1.0
    return schema
