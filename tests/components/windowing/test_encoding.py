"""tf.Examples read back by TensorFlow's own parser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.windowing.cutting import Shard
from components.windowing.encoding import to_record_batch, write_examples
from components.windowing.window_schema import window_schema
from tests.components.windowing.tables import make_frame, to_table
from tests.components.windowing.test_cutting import LENGTHS, OPTIONS, ORIGINS, SPACE, collect

TYPES = {"float": tf.float32, "int": tf.int64, "string": tf.string}


def test_what_is_written_is_what_was_cut(tmp_path: Path) -> None:
    windows = collect(Shard(to_table(make_frame(LENGTHS)), SPACE, OPTIONS).labelled(ORIGINS))
    features = SPACE.raw_features()
    path = str(tmp_path / "windows.gz")

    count = write_examples(path, [windows], features)

    spec = {f.name: tf.io.FixedLenFeature([f.size], TYPES[f.dtype]) for f in features}
    read = next(iter(tf.data.TFRecordDataset(path, "GZIP").batch(count + 1)))
    parsed = {name: values.numpy() for name, values in tf.io.parse_example(read, spec).items()}
    assert len(read) == count == len(windows["origin"])
    for feature in features:
        np.testing.assert_array_equal(parsed[feature.name], windows[feature.name], err_msg=feature.name)


def test_the_schema_declares_each_feature_with_its_size() -> None:
    schema = window_schema(SPACE)
    assert {f.name: f.shape.dim[0].size for f in schema.feature} == {
        f.name: f.size for f in SPACE.raw_features()
    }


def test_a_shape_that_is_not_the_declared_one_is_refused() -> None:
    windows = collect(Shard(to_table(make_frame(LENGTHS)), SPACE, OPTIONS).labelled(ORIGINS))
    windows["history_units"] = windows["history_units"][:, 1:]
    with pytest.raises(ValueError, match="history_units has shape"):
        to_record_batch(windows, SPACE.raw_features())
