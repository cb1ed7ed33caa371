"""Made-up raw windows, and their transform graph, for the tests of transforms and trainers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from numpy.typing import NDArray

from contracts.arrays import Arrays
from trainers.transform_graph import analyse
from transforms.features import FeatureSpace
from transforms.long_history import YEARS
from transforms.naming import external_name

SPACE = FeatureSpace(
    history=21,
    horizon=7,
    numeric_external=("Temperature °C", "demand"),
    text_external=("share",),
    known_ahead=(
        ("Temperature °C", 7),
        ("share", 7),
        ("unit_price", 7),
        ("discount", 5),
        ("on_promotion", 7),
    ),
)
"""Its external columns have names that TensorFlow would change, or that transformed features have."""

TEMPERATURE, VISITORS, EVENT = (external_name(name) for name in ("Temperature °C", "demand", "share"))
Windows = Arrays


def windows(count: int = 80, seed: int = 0, space: FeatureSpace = SPACE) -> Windows:
    """Raw windows with missing values, stock-outs, short histories and promotions; one wholly empty history."""
    rng = np.random.default_rng(seed)
    past, ahead = space.history, space.horizon
    store, product = rng.integers(0, 3, count), rng.integers(0, 6, count)
    level = np.exp(product / 2.0)[:, None]
    present = (np.arange(past) >= rng.integers(0, past // 2, count)[:, None]).astype(np.float32)
    present[0] = 0.0
    # The older half of some histories is a predecessor's, which counts for less.
    lent = (np.arange(count)[:, None] % 3 == 1) & (np.arange(past) < past // 2)
    in_stock = np.where(rng.random((count, past)) < 0.7, 1.0, rng.choice([0.0, 0.25, 0.5], (count, past)))
    promotion = (rng.random((count, past + ahead)) < 0.2).astype(np.float32)
    demand = rng.poisson(level * (1.0 + promotion)).astype(np.float32)
    demand[1, 3] = 40.0 * demand[1].mean() + 40.0
    price = (10.0 + rng.random((count, past + ahead))).astype(np.float32)
    discount = rng.choice([1.0, 0.8], (count, past + ahead)).astype(np.float32)
    temperature = rng.normal(12.0, 6.0, (count, past + ahead)).astype(np.float32)
    for column in (promotion, price, discount, temperature):
        column[rng.random(column.shape) < 0.1] = np.nan
    event = rng.choice(["", "", "fair", "holiday"], (count, past + ahead)).astype(object)
    lead, review = rng.integers(0, 4, count), rng.integers(1, 4, count)
    label_units = demand[:, past:]
    observed = (rng.random((count, ahead)) < 0.8).astype(np.float32)
    mask = np.maximum(observed, rng.random((count, ahead)) < 0.5).astype(np.float32)
    covered = np.arange(ahead) < (lead + review)[:, None]
    made = {
        "store_id": _column([f"store {i}" for i in store]),
        "product_id": _column([f"product {i}" for i in product]),
        "category": _column([f"category {i % 2}" for i in product]),
        "origin": rng.integers(18_000, 19_000, (count, 1)),
        "lead_time": lead[:, None],
        "review_period": review[:, None],
        "holding_cost": rng.uniform(0.1, 1.0, (count, 1)),
        "shortage_cost": rng.uniform(1.0, 9.0, (count, 1)),
        "history_units": np.floor(demand[:, :past] * in_stock) * present,
        "history_present": present * np.where(lent, 0.6, 1.0),
        "history_in_stock": in_stock * present,
        "label_units": label_units * observed,
        "label_observed": observed,
        "label_known": np.ones((count, ahead)),
        "label_demand": label_units * mask,
        "label_demand_known": mask,
        "protection_demand": (label_units * mask * covered).sum(axis=1, keepdims=True),
        "protection_observed": ((mask > 0) | ~covered).all(axis=1, keepdims=True).astype(np.float32),
        "pack_size": rng.choice([1.0, 6.0], (count, 1)),
        "history_open": rng.choice([1.0, 1.0, 0.0, np.nan], (count, past)),
        "future_open": rng.choice([1.0, 1.0, 0.0, np.nan], (count, ahead)),
        f"history_{VISITORS}": rng.normal(1000.0, 50.0, (count, past)),
    }
    for name, column in (
        ("price", price),
        ("discount", discount),
        ("promotion", promotion),
        (TEMPERATURE, temperature),
        (EVENT, event),
    ):
        made[f"history_{name}"], made[f"future_{name}"] = column[:, :past], column[:, past:]
    made["long_levels"] = level * rng.uniform(0.5, 2.0, (count, 3))
    for name in YEARS:
        made[f"{name}_level"] = level * rng.uniform(0.5, 2.0, (count, 1))
        made[name], made[f"{name}_smoothed"] = (
            level * rng.uniform(0.0, 2.0, (count, ahead)) for _ in range(2)
        )
    before = [part for name in YEARS for part in (name, f"{name}_level", f"{name}_smoothed")]
    for part in ("long_levels", *before):
        made[part] = np.where(rng.random(made[part].shape) < 0.2, np.nan, made[part])
    kinds = {"float": np.float32, "int": np.int64, "string": object}
    declared = {f.name: kinds[f.dtype] for f in space.model_inputs() + space.labels()}
    return {name: made[name].astype(kind) for name, kind in declared.items()}


def tensors(made: Windows) -> dict[str, tf.Tensor]:
    return {name: tf.constant(value) for name, value in made.items()}


def serialized(made: Windows) -> list[bytes]:
    """One tf.Example a window."""
    examples = []
    for row in range(len(made["origin"])):
        features = {}
        for name, column in made.items():
            values = column[row]
            if column.dtype == object:
                kind = tf.train.Feature(bytes_list=tf.train.BytesList(value=[v.encode() for v in values]))
            elif column.dtype == np.int64:
                kind = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
            else:
                kind = tf.train.Feature(float_list=tf.train.FloatList(value=values))
            features[name] = kind
        examples.append(tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString())
    return examples


def write(made: Windows, path: str) -> str:
    """A gzipped TFRecord file, as windowing writes it."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(path, tf.io.TFRecordOptions(compression_type="GZIP")) as file:
        for example in serialized(made):
            file.write(example)
    return path


def transform_graph(folder: str, made: Windows) -> tft.TFTransformOutput:
    file = write(made, f"{folder}/train/windows.gz")
    return analyse([file], SPACE, f"{folder}/graph")


def _column(values: list[str]) -> NDArray[Any]:
    return np.array(values, dtype=object)[:, None]
