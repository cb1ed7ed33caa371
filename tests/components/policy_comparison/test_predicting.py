"""Both signatures of a model give the same answers to the same windows, and refuse the same ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from components.policy_comparison.predicting import index_of, load, load_raw
from components.windowing.encoding import encode
from contracts.arrays import Arrays
from contracts.errors import UserError
from serving.examples import EXAMPLES, KINDS, RAW_TENSORS, SERIALIZED, raw_spec
from transforms.features import DType, Feature

FEATURES = (
    Feature("store_id", "string", 1, "static", "the store", ""),
    Feature("origin", "int", 1, "static", "the period"),
    Feature("history_units", "float", 3, "history", "units"),
    Feature("history_external_rain", "float", 3, "history", "an external factor", float("nan")),
    Feature("history_external_event", "string", 3, "history", "another", ""),
)
WINDOWS = {
    "store_id": np.array([[b"a"], [b"bc"]], object),
    "origin": np.array([[3], [4]]),
    "history_units": np.array([[1, 2, 3], [4, 5, 6]], np.float32),
    "history_external_rain": np.array([[1, np.nan, 3], [0, 0, 0]], np.float32),
    "history_external_event": np.array([[b"", b"fair", b""], [b"", b"", b"x"]], object),
}


class Model(tf.Module):
    """Says of every value of a window what would change with it."""

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name=EXAMPLES)])
    def serialized(self, examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return self.answer(tf.io.parse_example(examples, raw_spec(FEATURES)))

    @tf.function(
        input_signature=[
            {f.name: tf.TensorSpec([None, f.size], KINDS[f.dtype], name=f.name) for f in FEATURES}
        ]
    )
    def raw(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return self.answer(features)

    def answer(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        names = [f.name for f in FEATURES]
        texts = [
            features[n] if n in ("store_id", "history_external_event") else tf.as_string(features[n])
            for n in names
        ]
        return {"told": tf.strings.reduce_join(tf.concat(texts, 1), 1, separator="|")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("model")
    model = Model()
    tf.saved_model.save(model, str(path), signatures={SERIALIZED: model.serialized, RAW_TENSORS: model.raw})
    return str(path)


def both(folder: str, windows: Arrays, features: tuple[Feature, ...]) -> list[list[bytes]]:
    examples = tf.constant(list(encode([windows], features)))
    tensors = {f.name: tf.constant(windows[f.name], KINDS[f.dtype]) for f in features}
    answers = (load(folder)(examples), load_raw(folder)(tensors))
    return [answer["told"].numpy().tolist() for answer in answers]


def test_raw_features_are_answered_as_examples_are(folder: str) -> None:
    by_examples, by_tensors = both(folder, WINDOWS, FEATURES)
    assert by_tensors == by_examples
    assert by_tensors[0].startswith(b"a|3|1.0") and by_tensors[0].endswith(b"|fair|")


@pytest.mark.parametrize("gone", ["history_external_rain", "history_external_event"])
def test_an_external_column_that_is_gone_is_unknown(folder: str, gone: str) -> None:
    left = tuple(f for f in FEATURES if f.name != gone)
    by_examples, by_tensors = both(folder, WINDOWS, left)
    assert by_tensors == by_examples


def test_a_column_that_the_model_does_not_know_changes_nothing(folder: str) -> None:
    new = Feature("history_external_snow", "float", 3, "history", "new")
    by_examples, by_tensors = both(
        folder, WINDOWS | {new.name: np.ones((2, 3), np.float32)}, (*FEATURES, new)
    )
    assert by_tensors == by_examples == both(folder, WINDOWS, FEATURES)[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"history_units": np.ones((2, 4), np.float32)},
        {"history_external_rain": np.full((2, 3), b"wet", object)},
        {"origin": None},
    ],
)
def test_windows_of_another_model_are_refused_by_both(
    folder: str, wrong: dict[str, NDArray[Any] | None]
) -> None:
    windows = {name: values for name, values in (WINDOWS | wrong).items() if values is not None}
    kinds: dict[np.dtype[Any], DType] = {
        np.dtype(np.float32): "float",
        np.dtype(np.int64): "int",
        np.dtype(object): "string",
    }
    features = tuple(
        Feature(
            name,
            kinds[values.dtype],
            values.shape[1],
            "history",
            "",
        )
        for name, values in windows.items()
    )
    with pytest.raises(UserError, match="cut for another one") as by_examples:
        load(folder)(tf.constant(list(encode([windows], features))))
    with pytest.raises(UserError) as by_tensors:
        load_raw(folder)({name: tf.constant(values) for name, values in windows.items()})
    assert str(by_tensors.value) == str(by_examples.value)


@pytest.mark.parametrize("name", ["history_rain", "future_event", "rain"])
def test_a_model_that_asks_for_what_windows_never_have_is_refused_by_both(tmp_path: Path, name: str) -> None:
    """As models of the time before external columns had a prefix: nothing would ever fill that feature."""

    class Older(tf.Module):
        @tf.function(input_signature=[{name: tf.TensorSpec([None, 2], tf.float32, name=name)}])
        def raw(self, features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return {"told": tf.reduce_sum(features[name], 1)}

    older = Older()
    tf.saved_model.save(older, str(tmp_path), signatures={RAW_TENSORS: older.raw, SERIALIZED: older.raw})
    for loading in (load, load_raw):
        with pytest.raises(UserError, match="--re-baseline --reason"):
            loading(str(tmp_path))


def test_ids_are_found_as_text_and_as_utf_8() -> None:
    ids = ["Müsli 500g", "北京/1", "a=b", '50% "off" [x]', "🍎", ""]
    stores, products = np.array(ids, object), np.array(ids[::-1], object)
    asked = np.array([text.encode() for text in ids], object)
    expected = [0, 1, 2, 3, 4, 5]
    assert index_of(asked, asked[::-1], stores, products).tolist() == expected
    assert index_of(stores, products, stores, products).tolist() == expected
    assert index_of(asked, asked, stores, products).tolist() == [-1] * 6
    assert index_of(asked[:0], asked[:0], stores, products).tolist() == []
