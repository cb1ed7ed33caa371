"""The stock pipeline's model: what a user writes who follows TFX's own taxi template.

Nothing of ours is used here, on purpose: this is what the benchmark compares us with.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.public import tfxio

LABEL = "units_sold"
TEXT = ("store_id", "product_id", "category")
NUMBERS = (
    "unit_price",
    "discount",
    "on_promotion",
    "in_stock",
    "on_hand",
    "on_order",
    "temperature",
    "lead_time",
)
BATCH = 512
OOV_BUCKETS = 8
EMBEDDING = 8


def _filled(value: Any, default: Any) -> Any:
    """Columns with missing values arrive sparse, the others dense; both leave dense, [batch, 1]."""
    if isinstance(value, tf.SparseTensor):
        value = tf.sparse.to_dense(
            tf.SparseTensor(value.indices, value.values, [value.dense_shape[0], 1]), default_value=default
        )
    return value


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """z-scores for numbers, vocabularies for text, the label as it is."""
    outputs = {
        name: tft.scale_to_z_score(_filled(tf.cast(inputs[name], tf.float32), 0.0)) for name in NUMBERS
    }
    for name in TEXT:
        outputs[name] = tft.compute_and_apply_vocabulary(
            _filled(inputs[name], ""), num_oov_buckets=OOV_BUCKETS, vocab_filename=name
        )
    outputs[LABEL] = _filled(tf.cast(inputs[LABEL], tf.float32), 0.0)
    return outputs


def _model(sizes: dict[str, int]) -> Any:
    keras = tf.keras
    inputs = {name: keras.layers.Input((1,), name=name, dtype=tf.float32) for name in NUMBERS}
    inputs |= {name: keras.layers.Input((1,), name=name, dtype=tf.int64) for name in TEXT}
    parts = [inputs[name] for name in NUMBERS]
    for name in TEXT:
        embedded = keras.layers.Embedding(sizes[name], EMBEDDING)(inputs[name])
        parts.append(keras.layers.Flatten()(embedded))
    x = keras.layers.Concatenate()(parts)
    for units in (100, 70, 50, 25):
        x = keras.layers.Dense(units, activation="relu")(x)
    model = keras.Model(inputs, keras.layers.Dense(1)(x))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="mae")
    return model


class _Served(tf.Module):
    """Model and Transform graph together: the export that works with either Keras."""

    def __init__(self, model: Any, transform: tft.TFTransformOutput) -> None:
        super().__init__()
        self.model = model
        self.transform_layer = transform.transform_features_layer()


def _signature(module: _Served, transform: tft.TFTransformOutput) -> Any:
    spec = transform.raw_feature_spec()
    spec.pop(LABEL)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def serve(examples: Any) -> dict[str, Any]:
        features = module.transform_layer(tf.io.parse_example(examples, spec))
        return {"outputs": module.model({name: features[name] for name in (*NUMBERS, *TEXT)})}

    return serve


def run_fn(fn_args: Any) -> None:
    """The Trainer's entry point; input through TFX's data accessor, as in its template."""
    transform = tft.TFTransformOutput(fn_args.transform_output)

    def dataset(files: list[str]) -> Any:
        options = tfxio.TensorFlowDatasetOptions(batch_size=BATCH, label_key=LABEL)
        schema = transform.transformed_metadata.schema
        return fn_args.data_accessor.tf_dataset_factory(files, options, schema).repeat()

    sizes = {name: transform.vocabulary_size_by_name(name) + OOV_BUCKETS for name in TEXT}
    model = _model(sizes)
    model.fit(
        dataset(fn_args.train_files),
        steps_per_epoch=fn_args.train_steps,
        validation_data=dataset(fn_args.eval_files),
        validation_steps=fn_args.eval_steps,
        verbose=0,
    )
    module = _Served(model, transform)
    signatures = {"serving_default": _signature(module, transform)}
    tf.saved_model.save(module, fn_args.serving_model_dir, signatures=signatures)
