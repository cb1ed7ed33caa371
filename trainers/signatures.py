"""Export of a trained model: raw window features in, named forecasts out, the transform graph inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import tensorflow as tf

from trainers.dataset import raw_spec
from trainers.transform_graph import TransformGraph
from transforms.features import Feature, FeatureSpace

SERIALIZED = "serving_default"
"""Signature on serialized tf.Example strings, input ``examples`` [N]."""

RAW_TENSORS = "raw_tensors"
"""Signature on one tensor [N, size] for each of ``FeatureSpace.model_inputs()``, by name."""

KINDS = {"float": tf.float32, "int": tf.int64, "string": tf.string}

Outputs = dict[str, tf.Tensor]


class ServingModule(tf.Module):
    """Holds what the signatures need, so that tf.saved_model finds every variable and table.

    It holds the network's variables and not the network: a Keras model would bring call functions of its own,
    each of them traced for seconds.
    """

    def __init__(self, model: keras.Model, transform: TransformGraph) -> None:
        super().__init__()
        self.weights = [variable.value for variable in model.variables]
        self.transform = transform


def export(
    model: keras.Model,
    transform: TransformGraph,
    space: FeatureSpace,
    outputs: Callable[[tf.Tensor], Outputs],
    directory: str,
) -> None:
    """Write a SavedModel with both signatures.

    Args:
        model: takes transformed features by name.
        transform: the graph that made them.
        space: declares the raw features.
        outputs: names the model's output tensor or parts of it.
        directory: where to write.
    """
    module = ServingModule(model, transform)
    spec = raw_spec(space.model_inputs())
    names = list(model.input)

    @tf.function(autograph=False)  # Traced once for both signatures.
    def forecast(raw: Mapping[str, tf.Tensor]) -> Outputs:
        transformed = module.transform(raw)
        return outputs(model({name: transformed[name] for name in names}, training=False))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serialized(examples: tf.Tensor) -> Outputs:
        return forecast(tf.io.parse_example(examples, spec))

    @tf.function(autograph=False, input_signature=[tensor_specs(space.model_inputs())])
    def raw_tensors(features: Mapping[str, tf.Tensor]) -> Outputs:
        return forecast(features)

    tf.saved_model.save(module, directory, signatures={SERIALIZED: serialized, RAW_TENSORS: raw_tensors})


def tensor_specs(features: tuple[Feature, ...]) -> dict[str, tf.TensorSpec]:
    """Tensor specs [None, size] of raw features."""
    return {f.name: tf.TensorSpec([None, f.size], KINDS[f.dtype], name=f.name) for f in features}
