"""The transform graph: analysed here when a trainer runs outside the pipeline, and read by both ways."""

from __future__ import annotations

import functools
import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence

import apache_beam as beam
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tfx_bsl.public import tfxio

from serving.examples import raw_spec
from trainers.dataset import Parsed
from transforms.features import FeatureSpace
from transforms.preprocessing import FEATURE_SPACE_KEY, VOCABULARY, preprocessing_fn, text_columns

RAW = "raw_"
KEYS = ("store_id", "product_id", "origin")


def analyse(train_files: Sequence[str], space: FeatureSpace, directory: str) -> tft.TFTransformOutput:
    """Run preprocessing_fn's analyzers over raw training windows and write the graph to directory."""
    features = space.model_inputs() + space.labels()
    # A schema knows no defaults: in training windows every feature is there.
    spec = {n: tf.io.FixedLenFeature(f.shape, f.dtype) for n, f in raw_spec(features).items()}
    metadata = tft.DatasetMetadata.from_feature_spec(spec)
    source = tfxio.TFExampleRecord(
        list(train_files), schema=metadata.schema, telemetry_descriptors=["retail_inventory"]
    )
    config = {FEATURE_SPACE_KEY: space.to_json()}
    with beam.Pipeline() as pipeline, tft_beam.Context(temp_dir=tempfile.mkdtemp()):
        windows = pipeline | "ReadWindows" >> source.BeamSource()
        graph = (windows, source.TensorAdapterConfig()) | tft_beam.AnalyzeDataset(
            functools.partial(preprocessing_fn, custom_config=config)
        )
        _ = graph | tft_beam.WriteTransformFn(directory)
    return tft.TFTransformOutput(directory)


class TransformGraph(tf.Module):
    """The transform graph as a function of raw features that can be saved within another SavedModel.

    TFTransformOutput.transform_features_layer() does the same, but being a Keras layer it is traced anew,
    through AutoGraph, whenever a module that holds it is saved, which takes longer than the training.
    """

    def __init__(self, transform: tft.TFTransformOutput) -> None:
        super().__init__()
        self.directory = transform.transform_savedmodel_dir
        self.loaded = tf.saved_model.load(self.directory)

    def digest(self) -> str:
        """SHA-256 of all files of the graph: two models carry the same graph where it is equal."""
        found = hashlib.sha256()
        for folder, _, files in sorted(tf.io.gfile.walk(self.directory)):
            for name in sorted(files):
                found.update(f"{os.path.relpath(folder, self.directory)}/{name}\n".encode())
                with tf.io.gfile.GFile(os.path.join(folder, name), "rb") as file:
                    found.update(hashlib.sha256(file.read()).digest())
        return found.hexdigest()

    def __call__(self, raw: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Transformed features of raw ones. Labels may be absent; what comes out for them is then meaningless."""
        rows = tf.shape(next(iter(raw.values())))[0]
        given = {
            name: raw[name] if name in raw else tf.zeros([rows, *spec.shape[1:]], spec.dtype)
            for name, spec in self._declared().items()
        }
        return dict(self.loaded.transform_fn(given))

    def _declared(self) -> Mapping[str, tf.TensorSpec]:
        function = self.loaded.transform_fn
        # Which of the two it is depends on TensorFlow's version; there is always exactly one signature.
        concrete = function.concrete_functions[0] if hasattr(function, "concrete_functions") else function
        declared: Mapping[str, tf.TensorSpec] = concrete.structured_input_signature[0][0]
        return declared


def vocabulary_size(transform: tft.TFTransformOutput) -> int:
    """Tokens of the shared vocabulary, without the ids of unseen values."""
    return int(transform.vocabulary_size_by_name(VOCABULARY))


def embedding_rows(transform: tft.TFTransformOutput, space: FeatureSpace) -> int:
    """Rows of an embedding of all text columns: the vocabulary and one row a column for unseen values."""
    return vocabulary_size(transform) + len(text_columns(space))


def on_raw_windows(
    graph: TransformGraph, space: FeatureSpace, select: Callable[[Parsed], object]
) -> tuple[Mapping[str, tf.io.FixedLenFeature], Callable[[Parsed], object]]:
    """Parsing spec and selection for raw windows, for a caller without materialised ones.

    What is selected from has, beside the graph's outputs, whose window it is: ``RAW`` before the names of ``KEYS``.
    """
    spec = raw_spec(space.model_inputs() + space.labels())
    return spec, lambda parsed: select({**{RAW + name: parsed[name] for name in KEYS}, **graph(parsed)})
