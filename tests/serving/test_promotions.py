"""What a promotion adds, held against a network whose parts are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from serving.directory.loading import LoadedPair
from serving.promotions import promoted_periods, promotion_effect, without_promotions
from tests.serving.known import known_model


def test_what_a_promotion_adds_is_asked_with_and_without(pair: LoadedPair, window: dict[str, Any]) -> None:
    window = {name: values.copy() for name, values in window.items()}
    window["future_promotion"][:] = 0.0
    window["future_discount"][:] = 1.0
    window["future_price"][:] = 4.0
    assert promotion_effect(known_model(pair, lambda inputs: inputs["origin"][:, 0]), window) is None
    window["future_promotion"][0, 0], window["future_discount"][0, 0], window["future_price"][0, 0] = (
        1.0,
        0.8,
        3.2,
    )

    def answer(inputs: dict[str, Any]) -> Any:
        return (
            100
            + 20 * inputs["future_promotion"][:, 0]
            + 50 * (1 - inputs["future_discount"][:, 0])
            - 10 * inputs["future_price"][:, 0]
        )

    effect = promotion_effect(known_model(pair, answer), window)
    assert effect is not None
    assert effect.promoted.tolist() == [True] + [False] * (len(effect.promoted) - 1)
    np.testing.assert_allclose(effect.forecast, 100 + 20 + 10 - 32, rtol=1e-6)
    np.testing.assert_allclose(effect.without, 100 - 40, rtol=1e-6)


def test_without_promotions_only_the_promoted_periods_differ() -> None:
    price = np.array([[4.0, 3.0, 3.2], [5.0, np.nan, 5.0]], np.float32)
    windows = {
        "future_promotion": np.array([[0, 1, np.nan], [0, 0, 0]], np.float32),
        "future_discount": np.array([[1, 0.75, 0.8], [1, 1, np.nan]], np.float32),
        "future_price": price.copy(),
        "history_price": price.copy(),
    }
    promoted = promoted_periods(windows)
    assert promoted is not None
    assert promoted.tolist() == [[False, True, True], [False, False, False]]
    plain = without_promotions(windows, promoted)
    np.testing.assert_array_equal(plain["future_promotion"], [[0, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(plain["future_discount"], np.array([[1, 1, 1], [1, 1, np.nan]]))
    np.testing.assert_allclose(plain["future_price"], np.array([[4, 4, 4], [5, np.nan, 5]]), rtol=1e-6)
    assert plain["history_price"] is windows["history_price"]
    assert {values.dtype for values in plain.values()} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(windows["future_price"], price)


def test_where_no_discount_is_known_a_promoted_period_has_the_usual_price() -> None:
    windows = {
        "future_promotion": np.array([[0, 1]], np.float32),
        "future_price": np.array([[4, 3]], np.float32),
    }
    plain = without_promotions(windows, np.array([[False, True]]))
    np.testing.assert_array_equal(plain["future_price"], np.array([[4, np.nan]]))
    assert promoted_periods({"future_price": windows["future_price"]}) is None
