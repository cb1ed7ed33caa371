from __future__ import annotations

import numpy as np
import pytest

from components.serving_validator.probe import _differences, _of_all


def test_a_difference_is_that_of_the_worst_output_of_a_row() -> None:
    answers = {"a": np.array([[1.0, 2.0], [4.0, 4.0]]), "b": np.array([[1.0], [1.0]])}
    given = {"a": np.array([[1.0, 2.2], [4.0, 4.0]]), "b": np.array([[1.0], [0.5]])}
    assert _differences(given, answers, [0, 1]).tolist() == pytest.approx([0.1, 0.5])
    assert np.isinf(_differences({"a": given["a"]}, answers, [0, 1])).all()
    assert np.isinf(_differences({**given, "b": np.array([[1.0], [np.nan]])}, answers, [0, 1])).all()


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        ([0.0] * 30, 0.0),
        ([0.01] + [0.0] * 29, 2e-5),
        ([0.01] * 4 + [0.0] * 26, 0.01),
        ([0.5] + [0.0] * 29, 1e-3),
    ],
)
def test_few_may_lie_on_a_threshold_and_none_far_off(off: list[float], expected: float) -> None:
    assert _of_all(np.array(off)) == pytest.approx(expected)
