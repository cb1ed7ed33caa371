"""Spans against pandas' concat and drop_duplicates."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from components.windowing.merging import merge_spans
from tests.components.windowing.tables import make_frame, to_table

KEYS = ["store_id", "product_id", "date"]


def test_the_newer_span_is_right_where_two_hold_a_key() -> None:
    old = make_frame({("s1", "p1"): (0, 10), ("s1", "p2"): (0, 4)}, seed=1)
    new = make_frame({("s1", "p1"): (6, 10), ("s2", "p1"): (0, 3)}, seed=2)
    expected = pd.concat([old, new]).drop_duplicates(KEYS, keep="last").sort_values(KEYS)

    merged = merge_spans([to_table(old), to_table(new)])

    assert merged.equals(to_table(expected).select(merged.column_names))
    assert merged.num_rows == 6 + 10 + 4 + 3


def test_a_column_of_one_span_only_is_null_in_the_other() -> None:
    old = to_table(make_frame({("s1", "p1"): (0, 3)})).drop(["temperature"])
    new = to_table(make_frame({("s1", "p1"): (3, 2)}))

    merged = merge_spans([old, new])

    assert merged["temperature"].null_count == 3
    assert merged["date"].to_pylist() == sorted(merged["date"].to_pylist())


def test_one_span_stays_as_it_is() -> None:
    table = to_table(make_frame({("s1", "p1"): (0, 3)}))
    assert merge_spans([table]) is table


def test_an_empty_shard_among_the_spans_is_no_obstacle() -> None:
    table = to_table(make_frame({("s1", "p1"): (0, 3)}))
    assert merge_spans([table.slice(0, 0), table]).equals(table)
    assert merge_spans([table.slice(0, 0), table.slice(0, 0)]).num_rows == 0
    assert isinstance(merge_spans([table]), pa.Table)
