"""Windows as tf.Examples, encoded in batches by tfx_bsl's C++ encoder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import tensorflow as tf
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from contracts.arrays import Arrays
from transforms.features import DType, Feature

_ARROW: dict[DType, pa.DataType] = {"float": pa.float32(), "int": pa.int64(), "string": pa.binary()}

# Windows repeat themselves: level 1 already shrinks them about fivefold, and level 6 takes three times as long.
_GZIP = tf.io.TFRecordOptions(compression_type="GZIP", compression_level=1)


def to_record_batch(windows: Arrays, features: Sequence[Feature]) -> pa.RecordBatch:
    """Windows (feature name to ``[windows, size]``) as one list column for each feature.

    Raises:
        ValueError: a feature's shape is not the declared one.
    """
    arrays = []
    for feature in features:
        values = windows[feature.name]
        if values.ndim != 2 or values.shape[1] != feature.size:
            raise ValueError(
                f"{feature.name} has shape {values.shape}, declared is [windows, {feature.size}]"
            )
        flat = pa.array(
            np.ascontiguousarray(values).reshape(-1), type=_ARROW[feature.dtype], from_pandas=False
        )
        offsets = np.arange(len(values) + 1, dtype=np.int32) * feature.size
        arrays.append(pa.ListArray.from_arrays(pa.array(offsets), flat))
    return pa.RecordBatch.from_arrays(arrays, [feature.name for feature in features])


def encode(batches: Iterable[Arrays], features: Sequence[Feature]) -> Iterator[bytes]:
    """Serialized tf.Examples, one for each window."""
    encoder = RecordBatchToExamplesEncoder()
    for windows in batches:
        yield from encoder.encode(to_record_batch(windows, features))


def write_examples(path: str, batches: Iterable[Arrays], features: Sequence[Feature]) -> int:
    """Writes windows as a gzipped TFRecord file and returns how many there were."""
    count = 0
    with tf.io.TFRecordWriter(path, _GZIP) as writer:
        for example in encode(batches, features):
            writer.write(example)
            count += 1
    return count
