"""Export of a trained model: raw window features in, named forecasts out, the transform graph inside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence

import keras
import tensorflow as tf

from serving.acceptance import acceptance_windows, write_acceptance, write_warmup
from serving.directory.layout import CARD_FILE, EXTRA
from serving.examples import EXAMPLES, KINDS, RAW_TENSORS, SERIALIZED, raw_spec, tensors_of
from trainers.dataset import records
from trainers.transform_graph import TransformGraph
from transforms.features import Feature, FeatureSpace

Outputs = dict[str, tf.Tensor]

ACCEPTANCE_WINDOWS = 30


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
    eval_files: Sequence[str],
    about: Mapping[str, object] | None = None,
) -> None:
    """Write a SavedModel with both signatures, and beside them what a server needs to know and to try first.

    Args:
        model: takes transformed features by name.
        transform: the graph that made them.
        space: declares the raw features.
        outputs: names the model's output tensor or parts of it.
        eval_files: windows of which some are kept in the model, with this network's answers.
        about: what else the model's card is to say.
    """
    module = ServingModule(model, transform)
    spec = raw_spec(space.model_inputs())
    names = list(model.input)

    @tf.function(autograph=False)  # Traced once for both signatures.
    def forecast(raw: Mapping[str, tf.Tensor]) -> Outputs:
        transformed = module.transform(raw)
        return outputs(model({name: transformed[name] for name in names}, training=False))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name=EXAMPLES)])
    def serialized(examples: tf.Tensor) -> Outputs:
        return dict(forecast(tf.io.parse_example(examples, spec)))

    @tf.function(autograph=False, input_signature=[tensor_specs(space.model_inputs())])
    def raw_tensors(features: Mapping[str, tf.Tensor]) -> Outputs:
        return dict(forecast(features))

    tf.saved_model.save(module, directory, signatures={SERIALIZED: serialized, RAW_TENSORS: raw_tensors})
    _write_extras(module, model, space, outputs, directory, eval_files, about or {})


def _write_extras(
    module: ServingModule,
    model: keras.Model,
    space: FeatureSpace,
    outputs: Callable[[tf.Tensor], Outputs],
    directory: str,
    eval_files: Sequence[str],
    about: Mapping[str, object],
) -> None:
    """What serving.directory.layout and serving.acceptance describe, into the SavedModel's folder for others."""
    extra = os.path.join(directory, EXTRA)
    tf.io.gfile.makedirs(extra)
    card = {
        "model": model.name,
        "transform_graph": module.transform.digest(),
        "feature_space": json.loads(space.to_json()),
        **about,
    }
    with tf.io.gfile.GFile(os.path.join(extra, CARD_FILE), "w") as file:
        file.write(json.dumps(card, indent=1, sort_keys=True) + "\n")
    windows = list(records(eval_files).take(ACCEPTANCE_WINDOWS).as_numpy_iterator())
    requests = acceptance_windows(windows, space)
    transformed = module.transform(tensors_of(requests, space.model_inputs()))
    answers = outputs(model({name: transformed[name] for name in model.input}, training=False))
    write_acceptance(directory, requests, {name: tensor.numpy() for name, tensor in answers.items()})
    write_warmup(directory, model.name, requests, space)


def tensor_specs(features: tuple[Feature, ...]) -> dict[str, tf.TensorSpec]:
    """Tensor specs [None, size] of raw features."""
    return {f.name: tf.TensorSpec([None, f.size], KINDS[f.dtype], name=f.name) for f in features}
