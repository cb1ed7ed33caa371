"""The stores that a challenger orders for, and the plan that holds the lines of both pairs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.records.planning import Planning
from pipeline.config import Config
from pipeline.orders.canary import combined, order_some
from pipeline.orders.canary_stores import canary_stores
from pipeline.orders.made_from import MadeFrom
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from pipeline.promotion_options import PromotionOptions
from pipeline.workspace import Workspace
from serving.directory.pushing import push
from tests.pipeline.orders.planning.scored import FRAME, scored
from tests.serving.pairs import make_pair

CHAMPION, CHALLENGER = 42, 43
shares = st.floats(0.001, 0.999)
names = st.sets(st.text(min_size=1, max_size=4), min_size=2, max_size=40)


def test_the_choice_is_the_same_everywhere_and_for_good() -> None:
    """As the least of `printf 8:S01 | sha256sum` and so on."""
    stores = [f"S{number:02}" for number in range(1, 11)]
    assert canary_stores(stores, 0.3, 8) == {"S01", "S03", "S08"}


@settings(max_examples=50)
@given(names, shares, st.integers(1, 2**40))
def test_as_many_as_come_nearest_and_never_all(stores: set[str], share: float, version: int) -> None:
    chosen = canary_stores(stores, share, version)
    assert chosen < stores and len(chosen) >= 1
    others = [count for count in range(1, len(stores)) if count != len(chosen)]
    off = abs(len(chosen) - share * len(stores))
    assert all(off <= abs(count - share * len(stores)) for count in others)
    # Whatever their order, and however often one is named.
    assert canary_stores([*sorted(stores), *sorted(stores, reverse=True)], share, version) == chosen


@given(names, st.text(min_size=1, max_size=4), shares, st.integers(1, 2**40))
def test_a_store_that_opens_moves_at_most_one_other(
    stores: set[str], opened: str, share: float, version: int
) -> None:
    before, after = (canary_stores(found, share, version) for found in (stores, stores | {opened}))
    assert len(before - after) <= 1 and len(after - before) <= 1


def test_each_challenger_is_tried_in_other_stores() -> None:
    stores, tries = [f"S{number:02}" for number in range(20)], 400
    found = Counter(store for version in range(tries) for store in canary_stores(stores, 0.2, version))
    # 80 each, with a standard deviation of 8.
    assert set(found) == set(stores) and all(40 < count < 120 for count in found.values())


def test_a_single_store_stays_the_champions() -> None:
    assert canary_stores(["S"], 0.9, 8) == canary_stores([], 0.5, 8) == frozenset()


# Of each line: store, supplier, stock, least value of its supplier's orders, the challenger's factor on the forecast.
SERIES: tuple[tuple[str, str | None, float, float | None, float], ...] = (
    ("A", "X", 15.0, 60.0, 0.2),
    ("A", "X", 15.0, 60.0, 3.0),
    ("A", "Y", 60.0, 500.0, 1.0),
    ("B", "X", 15.0, 60.0, 0.2),
    ("B", "Y", 15.0, 500.0, 1.0),
    ("B", None, 0.0, None, 3.0),
    ("C", "X", 15.0, 60.0, 0.5),
    ("C", "Y", 60.0, 500.0, 3.0),
)


def _lines(series: pa.Table, frame: Frame) -> pa.Table:
    position = stock_position(series, no_orders(), frame, PlanOptions())
    return order_lines(series, mean_demand(series, frame), position, frame, PlanOptions())


@pytest.mark.parametrize("chosen", [{"A"}, {"B", "C"}])
def test_the_plan_is_what_each_store_would_be_ordered_alone(chosen: set[str]) -> None:
    """Store by store, each asked of its own pair without any other: what suppliers take goes by store and supplier."""
    store, supplier, stock, least, factor = map(list, zip(*SERIES, strict=True))
    columns: dict[str, Any] = {
        "store_id": store, "supplier": supplier, "on_hand": stock, "minimum_order_value": least,
    }  # fmt: skip
    usual = np.tile([1.0, 2.0, 3.0], FRAME.horizon)
    ours = replace(FRAME, planning=Planning(policy="forecast_plan"))
    theirs = replace(ours, model_version=CHALLENGER)
    champion = scored(len(store), **columns)
    challenger = scored(len(store), **columns, quantiles=[usual * more for more in factor])
    whole = {CHAMPION: _lines(champion, ours), CHALLENGER: _lines(challenger, theirs)}
    both = combined(whole[CHAMPION], CHAMPION, whole[CHALLENGER], CHALLENGER, frozenset(chosen))
    assert both["store_id"].to_pylist() == store
    assert both["pair_version"].to_pylist() == [CHALLENGER if name in chosen else CHAMPION for name in store]
    reasons = " ".join(both["reason"].to_pylist())
    assert "less than its minimum_order_value" in reasons, "suppliers had something to say"
    for name in "ABC":
        pair, frame = (challenger, theirs) if name in chosen else (champion, ours)
        alone = _lines(pair.filter(pc.equal(pair["store_id"], name)), frame)
        part = both.filter(pc.equal(both["store_id"], name)).drop(["pair_version"])
        assert part.to_pylist() == alone.to_pylist()
    assert whole[CHAMPION]["replenishment_quantity"] != whole[CHALLENGER]["replenishment_quantity"]


@pytest.mark.parametrize(
    ("pairs", "stores", "note", "failed"),
    [("a", "AB", "", ""),
     ("ab", "A", "there is one store, which stays the champion's", ""),
     ("ab", "AB", "", "all orders are the champion's")],
)  # fmt: skip
def test_all_lines_stay_the_champions(
    tmp_path: Path, pairs: str, stores: str, note: str, failed: str
) -> None:
    """Where there is no challenger, nothing to hand over, or a challenger that cannot be asked."""
    workspace = Workspace(tmp_path)
    for name in pairs:
        push(workspace.serving, make_pair(tmp_path, name), {}, keep=3, canary=True)
    series = scored(len(stores), store_id=list(stores))
    config = Config(promotion=PromotionOptions(mode="challenger", canary_stores=0.5))
    nothing: Any = None
    mean = mean_demand(series, FRAME)
    made_from = MadeFrom(
        nothing, nothing, tmp_path, config, FRAME, series, mean, no_orders(), np.full(len(stores), np.nan), []
    )
    lines = _lines(series, FRAME)
    found, canary = order_some(lines, workspace, made_from)
    assert found["pair_version"].to_pylist() == [FRAME.model_version] * len(stores)
    assert found.drop(["pair_version"]).equals(lines)
    assert (note in canary.note, bool(canary.note)) == (True, bool(note))
    assert (failed in canary.failed, bool(canary.failed)) == (True, bool(failed))
    assert not canary.stores and canary.with_orders(found) == canary
