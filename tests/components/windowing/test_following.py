"""What products are lent by those that they follow, value by value, and that nothing else changes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.windowing.cutting import Shard
from components.windowing.following import Lent, debuts, lend, lent_among
from components.windowing.options import WindowOptions
from contracts.arrays import Arrays
from tests.components.windowing.tables import FIRST_DATE, make_frame, to_table
from tests.components.windowing.test_cutting import collect
from transforms.features import FeatureSpace

SPACE = FeatureSpace(history=10, horizon=5, numeric_external=("temperature",))
OPTIONS = WindowOptions(history=10, horizon=5, test_periods=5, eval_periods=5, minimum_history=6)
MINIMUM = OPTIONS.minimum_history
LENGTHS = {
    ("s1", "new"): (20, 20), ("s1", "old"): (0, 40), ("s1", "third"): (0, 40),
    ("s2", "new"): (5, 30), ("s2", "old"): (3, 37), ("s2", "third"): (5, 30),
}  # fmt: skip
ORIGINS = FIRST_DATE + np.arange(0, 40)
LENDERS = {"new": "old"}


def products(follows: Mapping[tuple[str, str], str]) -> pa.Table:
    """Rows by store (empty: all) and product."""
    stores, names = zip(*follows, strict=True)
    return pa.table({"store_id": stores, "product_id": names, "follows": list(follows.values())})


FOLLOWS = products({("", "new"): "old", ("", "old"): ""})


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return make_frame(LENGTHS, seed=4)


def windows_of(frame: pd.DataFrame, follows: pa.Table | None = FOLLOWS) -> Arrays:
    rows = to_table(frame)
    return collect(
        Shard(rows, SPACE, OPTIONS, lent_among(lambda: [rows], follows, SPACE, OPTIONS)).inputs(ORIGINS)
    )


def indexed(windows: Arrays) -> dict[tuple[str, str, int], int]:
    """The row of each store, product and origin."""
    keys = zip(*(windows[name][:, 0] for name in ("store_id", "product_id", "origin")), strict=True)
    return {
        (store.decode(), product.decode(), int(origin)): i for i, (store, product, origin) in enumerate(keys)
    }


def test_a_borrower_has_its_predecessors_units_at_a_fading_weight(frame: pd.DataFrame) -> None:
    windows = windows_of(frame)
    rows = indexed(windows)
    seen = set()
    by_key = frame.set_index(["store_id", "product_id", "date"]).to_dict("index")
    for (store, product, origin), i in rows.items():
        if product != "new":
            continue
        first = FIRST_DATE + LENGTHS[store, product][0]
        own = origin - first + 1
        weight = max(0.0, 1 - own / MINIMUM)
        for back in range(SPACE.history):
            date = origin - back
            found = [
                windows[f"history_{name}"][i, -1 - back]
                for name in ("units", "present", "in_stock", "promotion")
            ]
            key = (store, product if date >= first else "old", date)
            row = by_key.get(key) if date >= first or weight > 0 else None
            if row is None or (math.isnan(row["units_sold"]) and date < first):
                assert found[:3] == [0, 0, 0] and math.isnan(found[3])
            elif date < first:
                expected = [row["units_sold"], weight, row["in_stock"], row["on_promotion"]]
                np.testing.assert_allclose(found, expected, rtol=1e-6)
                seen.add((store, own))
            else:
                assert found[1] == float(not math.isnan(row["units_sold"]))
    # In s2 there are two dates of the predecessor, so that a window needs four own ones.
    assert seen == {("s1", own) for own in range(1, MINIMUM)} | {("s2", 4), ("s2", 5)}


def test_a_borrower_takes_part_once_both_together_are_long_enough(frame: pd.DataFrame) -> None:
    plain, lent = indexed(windows_of(frame, None)), indexed(windows_of(frame))
    more = {key for key in lent if key not in plain}
    assert set(plain) <= set(lent)
    assert more == {("s1", "new", FIRST_DATE + day) for day in range(20, 25)} | {
        ("s2", "new", FIRST_DATE + day) for day in (8, 9)
    }


def test_nothing_else_changes(frame: pd.DataFrame) -> None:
    plain, lent = windows_of(frame, None), windows_of(frame)
    before, now = indexed(plain), indexed(lent)
    chosen = [
        now[key]
        for key in before
        if key[1] != "new" or key[2] >= FIRST_DATE + LENGTHS[key[:2]][0] + MINIMUM - 1
    ]
    kept = [before[key] for key in before if now[key] in set(chosen)]
    assert len(kept) == len(before)
    for name, values in plain.items():
        assert values.dtype == lent[name].dtype
        np.testing.assert_array_equal(lent[name][chosen], values[kept], err_msg=name)


def test_it_does_not_matter_in_which_shard_the_predecessor_lies(frame: pd.DataFrame) -> None:
    shards = [to_table(part) for _, part in frame.groupby("product_id")]
    lent = lent_among(lambda: shards, FOLLOWS, SPACE, OPTIONS)
    parts = [collect(Shard(rows, SPACE, OPTIONS, lent).inputs(ORIGINS)) for rows in shards]
    apart = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    whole = windows_of(frame)
    found, expected = indexed(apart), indexed(whole)
    assert set(found) == set(expected)
    order = [found[key] for key in expected]
    for name, values in whole.items():
        np.testing.assert_array_equal(apart[name][order], values, err_msg=name)


def test_only_what_was_known_before_the_first_sale_is_lent(frame: pd.DataFrame) -> None:
    later = frame.copy()
    after = (frame.product_id == "old") & (frame.date >= FIRST_DATE + np.where(frame.store_id == "s1", 20, 5))
    later.loc[after, ["units_sold", "in_stock"]] = 99.0, 0.25
    one, other = windows_of(frame), windows_of(later)
    for name in one:
        chosen = one["product_id"][:, 0] == b"new"
        np.testing.assert_array_equal(one[name][chosen], other[name][chosen], err_msg=name)


def test_the_nearest_predecessor_with_sales_before_lends(frame: pd.DataFrame) -> None:
    # Of s1 all were sold before; in s2 the product between them comes as late as the new one.
    chain = products({("", "new"): "third", ("", "third"): "old"})
    lent = lent_among(lambda: [to_table(frame)], chain, SPACE, OPTIONS)
    assert lent is not None
    lenders = {(r["store_id"], r["product_id"], r["lender"]) for r in lent.rows.to_pylist()}
    assert lenders == {("s1", "new", "third"), ("s2", "new", "old"), ("s2", "third", "old")}


def test_a_store_may_have_another_predecessor(frame: pd.DataFrame) -> None:
    lent = lent_among(
        lambda: [to_table(frame)], products({("", "new"): "old", ("s1", "new"): "third"}), SPACE, OPTIONS
    )
    assert lent is not None
    assert {(r["store_id"], r["lender"]) for r in lent.rows.to_pylist()} == {("s1", "third"), ("s2", "old")}


def test_nothing_is_lent_where_nothing_follows(frame: pd.DataFrame) -> None:
    rows = to_table(frame)
    assert lent_among(lambda: [rows], None, SPACE, OPTIONS) is None
    assert lent_among(lambda: [rows], products({("", "new"): ""}), SPACE, OPTIONS) is None
    nobody = lent_among(lambda: [rows], products({("", "new"): "gone"}), SPACE, OPTIONS)
    assert nobody is not None and nobody.rows.num_rows == 0
    assert debuts(rows, {}) == []
    plain, lent = (collect(Shard(rows, SPACE, OPTIONS, who).inputs(ORIGINS)) for who in (None, nobody))
    for name, values in plain.items():
        np.testing.assert_array_equal(lent[name], values)


def test_a_circle_ends(frame: pd.DataFrame) -> None:
    rows = to_table(frame)
    circle = {"": {"new": "old", "old": "new"}}
    found = lend(rows, debuts(rows, circle), circle, reach=10)
    assert set(found["product_id"].to_pylist()) == {"new"}


def test_the_weight_is_told_while_it_lasts() -> None:
    rows = pa.table(
        {"store_id": ["s", "s"], "product_id": ["new", "new"], "lender": ["old", "older"], "rank": [1, 2],
         "date": [1, 1], "units_sold": [1.0, 1.0], "in_stock": [1.0, 1.0], "on_promotion": [0.0, 0.0]},
    )  # fmt: skip
    empty = lend(to_table(make_frame({("s", "p"): (0, 3)})), [], {}, 1)
    lent = Lent.of([rows.cast(empty.schema), empty], periods=4)
    assert lent.rows["lender"].to_pylist() == ["old"]
    series = pa.table({"store_id": ["s"] * 3, "product_id": ["new", "new", "other"]})
    assert lent.words(series, np.array([1, 4, 1])).to_pylist() == [
        "with the history of old, which it follows, at a weight of 0.75",
        None,
        None,
    ]
