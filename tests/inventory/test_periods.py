from __future__ import annotations

from inventory.periods import step


def test_one_period() -> None:
    period = step([5, 5, 0], [0, 10, 0], [3, 20, 4])
    assert period.available.tolist() == [5, 15, 0]
    assert period.sales.tolist() == [3, 15, 0]
    assert period.unserved.tolist() == [0, 5, 4]
    assert period.on_hand.tolist() == [2, 0, 0]
