"""Transformed windows as tf.data datasets, and raw windows as dictionaries of arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import tensorflow as tf

Parsed = Mapping[str, tf.Tensor]
READ_BATCH = 4096


def matching_files(patterns: str | Sequence[str]) -> list[str]:
    """All files of the patterns, sorted.

    Raises:
        FileNotFoundError: a pattern matches nothing.
    """
    files: list[str] = []
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        found = sorted(tf.io.gfile.glob(pattern))
        if not found:
            raise FileNotFoundError(f"no window file matches {pattern}")
        files.extend(found)
    return files


def records(files: Sequence[str]) -> tf.data.TFRecordDataset:
    """Serialized examples; files whose names end in .gz, as Transform writes them, are unzipped."""
    zipped = all(file.endswith(".gz") for file in files)
    return tf.data.TFRecordDataset(list(files), compression_type="GZIP" if zipped else "")


def batches(
    files: Sequence[str],
    spec: Mapping[str, tf.io.FixedLenFeature],
    batch_size: int,
    select: Callable[[Parsed], object],
    *,
    shuffle_buffer: int = 0,
    seed: int | None = None,
    cache: bool = False,
) -> tf.data.Dataset:
    """Parsed batches; with shuffle_buffer > 0 shuffled, and with cache kept in memory once read.

    Windows are shuffled once, before they are batched and cached; each epoch then draws the batches in a
    new order. Parsing once instead of every epoch is worth more than mixing the batches again.
    """
    dataset = records(files)
    if shuffle_buffer:
        dataset = dataset.shuffle(shuffle_buffer, seed=seed, reshuffle_each_iteration=not cache)

    @tf.autograph.experimental.do_not_convert
    def parse(serialized: tf.Tensor) -> object:
        return select(tf.io.parse_example(serialized, spec))

    dataset = dataset.batch(batch_size).map(
        parse, num_parallel_calls=2, deterministic=True
    )
    if cache:
        dataset = dataset.cache()
        if shuffle_buffer:
            dataset = dataset.shuffle(4096, seed=seed, reshuffle_each_iteration=True)
    return dataset.prefetch(2)


def read_arrays(
    files: Sequence[str], spec: Mapping[str, tf.io.FixedLenFeature], limit: int | None = None
) -> dict[str, np.ndarray]:
    """All windows of the files in memory, one array [N, size] a feature, in file order."""
    parts: list[dict[str, np.ndarray]] = []
    dataset = records(files)
    if limit is not None:
        dataset = dataset.take(limit)
    for serialized in dataset.batch(READ_BATCH):
        parts.append({k: v.numpy() for k, v in tf.io.parse_example(serialized, spec).items()})
    if not parts:
        return {k: np.zeros([0, *f.shape], f.dtype.as_numpy_dtype) for k, f in spec.items()}
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def raw_spec(features: Sequence[object]) -> dict[str, tf.io.FixedLenFeature]:
    """Parsing spec of declared raw features; a feature with a default may be missing from an example."""
    kinds = {"float": tf.float32, "int": tf.int64, "string": tf.string}
    spec = {}
    for f in features:
        default = None if f.default is None else [f.default] * f.size  # type: ignore[attr-defined]
        spec[f.name] = tf.io.FixedLenFeature([f.size], kinds[f.dtype], default)  # type: ignore[attr-defined]
    return spec
