"""Runs an exported model over window files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import tensorflow as tf

from contracts.arrays import Arrays, Texts
from serving.examples import SERIALIZED, raw_spec
from trainers.dataset import READ_BATCH, records
from transforms.features import Feature


def score(directory: str, files: Sequence[str], features: Sequence[Feature]) -> tuple[Arrays, Arrays]:
    """The model's outputs, and the named raw features, of every window in the files, in file order.

    Args:
        directory: a SavedModel that train wrote.
        files: TFRecord files of raw windows.
        features: which raw features to return beside the outputs.

    Raises:
        ValueError: the files hold no window.
    """
    model = tf.saved_model.load(directory)
    signature = model.signatures[SERIALIZED]
    spec = raw_spec(features)
    outputs: list[Arrays] = []
    windows: list[Arrays] = []
    for examples in records(files).batch(READ_BATCH):
        outputs.append({name: value.numpy() for name, value in signature(examples=examples).items()})
        windows.append({name: value.numpy() for name, value in tf.io.parse_example(examples, spec).items()})
    if not outputs:
        raise ValueError("the files hold no window")
    return _joined(outputs), _joined(windows)


def keys(windows: Arrays) -> pd.DataFrame:
    """Store, product and date of the origin of each window."""
    return pd.DataFrame(
        {
            "store_id": _text(windows["store_id"]),
            "product_id": _text(windows["product_id"]),
            "as_of": pd.to_datetime(windows["origin"][:, 0], unit="D").date,
        }
    )


def _joined(parts: list[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _text(values: Texts) -> list[str]:
    return [value.decode("utf-8") for value in values[:, 0]]
