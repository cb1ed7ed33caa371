"""Every transformed feature against an oracle that shares no code with it."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow_transform as tft

from tests.transforms import made_up, oracle
from trainers.transform_graph import TransformGraph
from transforms.preprocessing import text_columns

IDS = ("store_id", "product_id", "category", f"history_{made_up.EVENT}", f"future_{made_up.EVENT}")


@pytest.fixture(scope="module")
def expected(raw: made_up.Windows) -> made_up.Windows:
    return oracle.window(raw, made_up.SPACE)


def test_the_oracle_knows_every_feature(transformed: made_up.Windows, expected: made_up.Windows) -> None:
    assert set(transformed) == set(expected) | set(IDS)


def test_every_number_agrees_with_the_oracle(transformed: made_up.Windows, expected: made_up.Windows) -> None:
    for name, values in expected.items():
        np.testing.assert_allclose(transformed[name], values, rtol=2e-5, atol=2e-6, err_msg=name)


def test_ids_name_values_one_to_one(
    transform: tft.TFTransformOutput, transformed: made_up.Windows, raw: made_up.Windows
) -> None:
    columns = text_columns(made_up.SPACE)
    tokens = [t.decode() for t in transform.vocabulary_by_name("tokens")]
    for name in IDS:
        column = made_up.EVENT if name.endswith(made_up.EVENT) else name
        named = [f"{column}={value}" for value in raw[name].ravel()]
        assert [tokens[i - len(columns)] for i in transformed[name].ravel()] == named


def test_unseen_values_get_their_columns_own_id(
    transform: tft.TFTransformOutput, raw: made_up.Windows
) -> None:
    changed = {**raw, **{name: np.full_like(raw[name], "never seen") for name in IDS}}
    out = TransformGraph(transform)(made_up.tensors(changed))
    for index, column in enumerate(text_columns(made_up.SPACE)):
        for name in (column,) if column in IDS else (f"history_{column}", f"future_{column}"):
            assert np.all(out[name].numpy() == index), name


def test_labels_change_nothing_and_may_be_absent(
    transform: tft.TFTransformOutput, transformed: made_up.Windows, raw: made_up.Windows
) -> None:
    labels = {f.name for f in made_up.SPACE.labels()}
    out = TransformGraph(transform)(made_up.tensors({k: v for k, v in raw.items() if k not in labels}))
    for name in set(transformed) - labels:
        np.testing.assert_array_equal(out[name].numpy(), transformed[name], err_msg=name)


def test_all_features_are_finite_even_without_history(
    transformed: made_up.Windows, raw: made_up.Windows
) -> None:
    assert raw["history_present"][0].sum() == 0
    for name, values in transformed.items():
        assert np.isfinite(values).all(), name
    assert (transformed["scale"] > 0).all()
