"""Rows on disk: flat in, flat out, lists in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.rows import (
    floats,
    index_in,
    read_flat,
    read_shard,
    series_bounds,
    stack,
    write_flat,
    write_shard,
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(width=32, allow_nan=False)), max_size=40))
def test_values_and_nulls_come_back(
    tmp_path_factory: pytest.TempPathFactory, values: list[float | None]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "shard.parquet"
    texts = [None if value is None else f"{value:.1f}" for value in values]
    table = pa.table({"number": pa.array(values, pa.float32()), "text": pa.array(texts, pa.string())})

    write_shard(table, path)
    write_flat(table, path.with_suffix(".arrow"))

    assert read_shard(path).equals(table)
    assert read_flat(path.with_suffix(".arrow")).equals(table)
    assert read_flat(path.with_suffix(".arrow"), ["text"]).equals(table.select(["text"]))
    lists = pq.read_table(path)["number"].to_pylist()
    assert lists == [None if value is None else [value] for value in table["number"].to_pylist()]


def test_one_column_can_be_read_alone(tmp_path: Path) -> None:
    write_shard(pa.table({"a": [1, 2], "b": [3, 4]}), tmp_path / "shard.parquet")
    assert read_shard(tmp_path / "shard.parquet", ["b"]).to_pydict() == {"b": [3, 4]}


def test_series_end_where_a_key_changes() -> None:
    table = pa.table({"store_id": list("aaabb"), "product_id": list("xxyyy"), "date": [1, 2, 1, 1, 2]})
    assert series_bounds(table).tolist() == [0, 2, 3, 5]
    assert series_bounds(table.slice(0, 0)).tolist() == [0]


_KEYS = st.lists(st.tuples(st.sampled_from(["1", "11", "", "1\x1f2"]), st.integers(0, 3)), max_size=12)


@given(_KEYS, _KEYS)
def test_rows_are_found_by_all_the_columns_named(
    known: list[tuple[str, int]], wanted: list[tuple[str, int]]
) -> None:
    def table(keys: list[tuple[str, int]]) -> pa.Table:
        stores, dates = [store for store, _ in keys], [date for _, date in keys]
        return pa.table({"date": pa.array(dates, pa.int64()), "store_id": pa.array(stores, pa.string())})

    expected = [known.index(key) if key in known else None for key in wanted]
    assert index_in(table(wanted), table(known), ("store_id", "date")).to_pylist() == expected


def test_a_row_without_a_key_is_not_found() -> None:
    keys = pa.table({"store_id": ["a", None], "product_id": [None, None]}).cast(
        pa.schema({"store_id": pa.string(), "product_id": pa.string()})
    )
    assert index_in(keys, keys, ("store_id", "product_id")).null_count == 2


def test_a_column_without_a_value_takes_the_kind_of_the_others() -> None:
    empty = pa.table({"event": pa.nulls(2, pa.float32()), "price": pa.array([1.0, None], pa.float32())})
    named = pa.table({"event": ["fair"], "price": pa.nulls(1, pa.string())})
    for tables in ([empty, named], [named, empty]):
        stacked = stack(tables)
        assert stacked.schema.types == [pa.string(), pa.float32()]
        assert sorted(stacked["event"].to_pylist(), key=str) == [None, None, "fair"]
        assert stacked["price"].null_count == 2


def test_a_column_of_numbers_here_and_words_there_is_text() -> None:
    codes = pa.table({"fair": pa.array([1.0, None, 2.5], pa.float32())})
    words = pa.table({"fair": ["Ostern", None]})
    for tables in ([codes, words], [words, codes]):
        stacked = stack(tables)
        assert stacked.schema.types == [pa.string()]
        assert set(stacked["fair"].to_pylist()) == {"1", "2.5", None, "Ostern"}


def test_a_column_that_one_shard_holds_in_more_digits_keeps_them() -> None:
    narrow = pa.table(
        {"pack": pa.array([12.0, None], pa.float32()), "price": pa.array([1.5, 2.5], pa.float32())}
    )
    wide = pa.table({"pack": pa.array([0.1], pa.float64()), "price": pa.array([None], pa.float32())})
    for tables in ([narrow, wide], [wide, narrow]):
        stacked = stack(tables)
        assert stacked.schema.types == [pa.float64(), pa.float32()]
        assert set(stacked["pack"].to_pylist()) == {12.0, None, 0.1}


@pytest.mark.parametrize("kind", [pa.int8(), pa.int64(), pa.float32()])
def test_numbers_are_float64_and_nan_where_there_is_none(kind: pa.DataType) -> None:
    numbers = pa.array([1, None, 3], pa.int32()).cast(kind)

    for column in (numbers, pa.chunked_array([numbers[:1], numbers[1:]])):
        found = floats(column)
        assert found.dtype == np.float64
        np.testing.assert_array_equal(found, [1.0, np.nan, 3.0])
