"""Window files as tf.data datasets."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from contracts.splits import REFIT, split_folder

Parsed = Mapping[str, tf.Tensor]
READ_BATCH = 4096
BATCHES_SHUFFLED = 4096
"""Drawn from at random, of those that lie in memory anyway."""
_BATCHES_READ = 256
"""The same of those that lie in a file: they would all be in memory a second time."""


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


def train_and_refit_files(patterns: Sequence[str]) -> tuple[list[str], list[str]]:
    """Files of the two splits that a Trainer is given to train on; refit may be missing.

    TFX hands over one pattern a split, and its folder is named by the split.
    """
    split: dict[bool, list[str]] = {True: [], False: []}
    for pattern in patterns:
        split[os.path.basename(os.path.dirname(pattern)) == split_folder(REFIT)].append(pattern)
    return matching_files(split[False]), matching_files(split[True])


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
    cache: str | None = None,
    together: int = 1,
) -> tf.data.Dataset:
    """Parsed batches; with shuffle_buffer > 0 shuffled, and with cache kept once read, in memory or in a file.

    ``cache`` is the file's path, which no other dataset shares, or empty for memory; who reads the first time reads to
    the end. With ``together`` so many neighbours in the files stay neighbours in a batch. Windows are shuffled once,
    before they are batched and cached; each epoch then draws the batches in a new order. Parsing once instead of every
    epoch is worth more than mixing the batches again.
    """
    dataset = records(files)
    if shuffle_buffer:
        if together > 1:
            dataset = dataset.batch(together)
        buffer = max(shuffle_buffer // together, 1)
        dataset = dataset.shuffle(buffer, seed=seed, reshuffle_each_iteration=cache is None)

    @tf.autograph.experimental.do_not_convert
    def parse(serialized: tf.Tensor) -> object:
        return select(tf.io.parse_example(serialized, spec))

    if shuffle_buffer and together > 1:
        dataset = dataset.ragged_batch(max(batch_size // together, 1)).map(lambda groups: groups.flat_values)
    else:
        dataset = dataset.batch(batch_size)
    dataset = dataset.map(parse, num_parallel_calls=2, deterministic=True)
    if cache is not None:
        dataset = dataset.cache(cache)
        if shuffle_buffer:
            dataset = dataset.shuffle(shuffled(cache), seed=seed, reshuffle_each_iteration=True)
    return dataset.prefetch(2)


def shuffled(cache: str | None) -> int:
    """How many batches to draw from at random, by where they are kept."""
    return _BATCHES_READ if cache else BATCHES_SHUFFLED


def more_than(count: int, files: Sequence[str]) -> bool:
    """Whether the files hold more windows than so many; reads no further than it must."""
    found = 0
    for batch in records(files).batch(READ_BATCH):
        found += len(batch)
        if found > count:
            return True
    return False
