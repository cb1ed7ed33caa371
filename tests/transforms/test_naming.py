from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.features import PLANNABLE, FeatureSpace
from transforms.naming import external_name

TEXT = st.text(st.characters(blacklist_characters="\0\r\n"), min_size=1, max_size=80)


@given(st.sets(TEXT | st.sampled_from(["Fuel Price", "Fuel_Price", "fuel price"]), min_size=1, max_size=8))
def test_any_columns_get_names_of_their_own_that_tensorflow_takes(columns: set[str]) -> None:
    # Names that names themselves are made of are the likeliest to be taken already.
    columns |= {external_name(column).removeprefix("external_") for column in columns}
    names = {external_name(column) for column in columns}
    assert len(names) == len(columns)
    assert all(re.fullmatch(r"external_[A-Za-z0-9_]{1,48}", name) for name in names)


@pytest.mark.parametrize("column", ["temperature", "Holiday_2", "x", "_", "external_rain"])
def test_a_plain_name_stays_readable(column: str) -> None:
    assert external_name(column) == f"external_{column}"


def test_a_column_may_be_called_like_any_feature() -> None:
    plain = FeatureSpace(4, 2)
    taken = [feature.name for feature in plain.raw_features()]
    taken += [name.removeprefix("history_").removeprefix("future_") for name in taken]
    taken += ["demand", "share", "scale", "weekday", "recent_levels", "critical_ratio", "protection"]
    # What rows are called no external column may be; reading refuses it.
    columns = tuple(sorted(set(taken) - set(PLANNABLE.values())))
    space = FeatureSpace(
        4,
        2,
        numeric_external=columns[::2],
        text_external=columns[1::2],
        known_ahead=tuple((column, 2) for column in columns),
    )
    names = [feature.name for feature in space.raw_features()]
    assert len(names) == len(set(names)) == len(plain.raw_features()) + 2 * len(columns)
