"""What nearly all units stay within, of parts as of all at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.data_gate.proportion import UsualTop


@settings(max_examples=200)
@given(
    parts=st.lists(st.lists(st.integers(0, 40) | st.floats(0, 1e6), max_size=900), min_size=1, max_size=4),
    seed=st.integers(0, 9),
)
def test_the_usual_top_of_parts_is_that_of_all(parts: list[list[float]], seed: int) -> None:
    random = np.random.default_rng(seed)
    top = UsualTop(sum(map(len, parts)))
    earlier = []
    for part in parts:
        values, recent = np.array(part, dtype=np.float64), random.random(len(part)) < 0.2
        top.add(values, recent)
        earlier.append(values[(values > 0) & ~recent])
    every = np.concatenate(earlier)
    assert top.value() == pytest.approx(np.quantile(every, 0.999) if len(every) else 0.0)
