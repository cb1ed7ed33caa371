"""What promotions add in all, against pandas."""

from __future__ import annotations

import pyarrow as pa

from pipeline.orders.planning.promoted import Promoted, promoted

ROWS = pa.table(
    {
        "store_id": ["S1", "S1", "S2", "S2"],
        "product_id": ["P", "P", "P", "P"],
        "mean": pa.array([10.0, 12.0, 5.0, 9.0], pa.float32()),
        "promotion_units": pa.array([2.0, 3.0, None, 0.0], pa.float32()),
    }
)


def test_only_periods_with_a_planned_promotion_count() -> None:
    frame = ROWS.to_pandas()
    there = frame[frame.promotion_units.notna()]
    found = promoted(ROWS)
    series = len(there.groupby(["store_id", "product_id"]))
    assert found == Promoted(len(there), series, there["mean"].sum(), there.promotion_units.sum())
    assert str(found) == (
        "planned promotions: 3 periods of 2 series; 31 units are forecast there, +5 (+19%) by the promotions"
    )


def test_without_a_planned_promotion_nothing_is_said() -> None:
    assert promoted(ROWS.slice(2, 1)) is None
    assert promoted(ROWS.slice(0, 0)) is None


def test_where_nothing_would_be_sold_without_them_no_share_is_given() -> None:
    assert "+4 by" in str(Promoted(1, 1, 4.0, 4.0))
