from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import rounding
from inventory.rounding import round_order


@pytest.mark.parametrize(
    ("needed", "pack", "minimum", "maximum", "order", "reason"),
    [
        (5, 1, 0, None, 5, rounding.AS_NEEDED),
        (12, 6, 0, None, 12, rounding.AS_NEEDED),
        (13, 6, 0, None, 18, rounding.ROUNDED_TO_PACK),
        (2.2, 1, 0, None, 3, rounding.ROUNDED_TO_PACK),
        (3, 1, 10, None, 10, rounding.RAISED_TO_MINIMUM),
        (3, 6, 10, None, 12, rounding.RAISED_TO_MINIMUM),
        (50, 6, 0, 45, 42, rounding.CUT_TO_MAXIMUM),
        (50, 6, 0, 48, 48, rounding.CUT_TO_MAXIMUM),
        (45, 6, 0, 48, 48, rounding.ROUNDED_TO_PACK),
        (2, 1, 5, 4, 0, rounding.MAXIMUM_BELOW_MINIMUM),
        (20, 6, 10, 11, 0, rounding.MAXIMUM_BELOW_MINIMUM),  # one whole pack is less than the minimum
        (20, 6, 0, 5, 0, rounding.CUT_TO_MAXIMUM),  # not a single pack fits
        (0, 6, 10, None, 0, rounding.NOTHING_NEEDED),
        (-4, 6, 10, None, 0, rounding.NOTHING_NEEDED),
        (0.1 + 0.2, 0.1, 0, None, 0.3, rounding.AS_NEEDED),  # floats are no reason for another pack
        (20, 6, 0, math.nan, 24, rounding.ROUNDED_TO_PACK),
        (20, 6, 0, math.inf, 24, rounding.ROUNDED_TO_PACK),
    ],
)
def test_the_rule(
    needed: float, pack: float, minimum: float, maximum: float | None, order: float, reason: str
) -> None:
    found, why = round_order([needed], pack, minimum, maximum)
    assert found[0] == pytest.approx(order)
    assert why[0] == reason


@given(
    needed=st.integers(-20, 300),
    pack=st.integers(1, 24),
    minimum=st.integers(0, 80),
    maximum=st.one_of(st.none(), st.integers(0, 200)),
)
def test_what_an_order_is_at_all_times(needed: int, pack: int, minimum: int, maximum: int | None) -> None:
    order = float(round_order([needed], pack, minimum, math.nan if maximum is None else maximum)[0][0])
    packs = order / pack
    assert packs == int(packs)
    assert order >= 0
    if order > 0:
        assert needed > 0
        assert order >= minimum
        assert maximum is None or order <= maximum
    # Whole packs that cover the need and the minimum, if the maximum lets them through.
    wanted = math.ceil(max(needed, minimum) / pack) * pack
    if needed > 0 and (maximum is None or wanted <= maximum):
        assert order == wanted
    elif needed > 0 and maximum is not None:
        within = maximum // pack * pack
        assert order == (within if within >= minimum else 0)


PACKS = ["0.1", "0.35", "1.02", "12", "0.333", "0.025", "7.5", "1000", "250.75"]


@given(
    needed=st.decimals("-5", "20000", places=3),
    pack=st.sampled_from(PACKS).map(Decimal),
    minimum=st.decimals("0", "300", places=3),
    maximum=st.one_of(st.none(), st.decimals("0", "900", places=3)),
)
def test_decimals_are_counted_as_by_hand(
    needed: Decimal, pack: Decimal, minimum: Decimal, maximum: Decimal | None
) -> None:
    order, _ = round_order(
        [float(needed)], float(pack), float(minimum), math.nan if maximum is None else float(maximum)
    )
    wanted = (max(needed, minimum) / pack).to_integral_value(ROUND_CEILING)
    most = wanted if maximum is None else (maximum / pack).to_integral_value(ROUND_FLOOR)
    by_hand = min(wanted, most) * pack
    if needed <= 0 or by_hand < minimum:
        by_hand = Decimal(0)
    assert Decimal(repr(float(order[0]))) == by_hand


@pytest.mark.parametrize("pack", [1e-30, 1e25, 1 / 3, 5e-324])
def test_packs_of_any_size_are_counted(pack: float) -> None:
    order, _ = round_order([pack * 2.5], pack)
    assert order[0] == pytest.approx(3 * pack)


def test_many_items_at_once() -> None:
    order, reason = round_order(np.array([[1.0, 7.0], [0.0, 9.0]]), pack_size=np.array([6, 4]))
    assert order.tolist() == [[6, 8], [0, 12]]
    assert reason.shape == (2, 2)
    assert round_order(np.zeros(0))[0].shape == (0,)


@pytest.mark.parametrize(
    "arguments",
    [([math.nan], 1), ([1.0], 0), ([1.0], 1, -1), ([1.0], 1, 0, -1), ([1.0], math.nan), ([1.0], math.inf)],
)
def test_impossible_terms(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(ValueError, match=r"must be (finite|more than 0)"):
        round_order(*arguments)
