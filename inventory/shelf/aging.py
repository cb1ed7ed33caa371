"""Units that expire: how old what lies on the shelf is, what is sold of it first, and what is wasted.

A unit with a shelf life of F periods that arrives at the start of period t can be sold in t .. t+F-1; what is left of
it at the end of period t+F-1 is wasted. The oldest units are sold first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from contracts.arrays import Floats, Integers


def spread_over_ages(on_hand: Floats, shelf_life: Integers, apart: Integers) -> Floats:
    """Stock of which nobody knows the ages, by the periods that are left to it.

    Column k expires at the end of the k-th coming period. It is taken to have come in equal parts in each of the last
    periods as far back as orders lie apart, or as it keeps at all.

    Args:
        on_hand: units at the end of a period, [N].
        shelf_life: F, periods, 1 or more, [N].
        apart: periods between two orders, [N].

    Returns:
        Units, [N, A], with A the longest shelf life.
    """
    parts = np.clip(apart, 1, np.maximum(shelf_life - 1, 1))
    # What came in the last period can be sold in F - 1 more, but in one at least, as it is there.
    column = np.maximum(shelf_life[:, None] - 2 - np.arange(int(parts.max(initial=1))), 0)
    found = np.zeros((len(on_hand), int(shelf_life.max(initial=1))))
    every = np.arange(len(on_hand))
    for k in range(column.shape[1]):
        found[every, column[:, k]] += np.where(k < parts, on_hand / parts, 0.0)
    return found


def sell_oldest(stock: Floats, demand: Floats) -> Floats:
    """What is left of a stock by age when so much is asked for, units, [N, A]; the first column is sold first.

    Args:
        stock: units, [N, A].
        demand: units, [N].
    """
    rest = np.maximum(np.cumsum(stock, axis=1) - demand[:, None], 0.0)
    return np.minimum(np.diff(rest, axis=1, prepend=0.0), stock)


class Ages:
    """The stock of items that expire, by the periods that are left to it.

    Attributes:
        items: which of all items, [M].
        life: their shelf lives, [M].
        stock: units, [M, A]: column k expires at the end of the k-th coming period.
    """

    def __init__(self, items: Integers, on_hand: Floats, life: Integers, apart: Integers) -> None:
        """Args: as of ``spread_over_ages``, of these items."""
        self.items = items
        self.life = life
        self.stock = spread_over_ages(on_hand, life, apart)

    @classmethod
    def of(cls, on_hand: Floats, shelf_life: ArrayLike, apart: Integers) -> Ages | None:
        """Of those of N items that expire; None where none does.

        Args: as of ``spread_over_ages``; shelf_life: [N] or one for all, NaN: for good.

        Raises:
            ValueError: a shelf life is less than a period, or not of whole ones.
        """
        life = np.broadcast_to(np.asarray(shelf_life, np.float64), on_hand.shape)
        some = np.flatnonzero(np.isfinite(life))
        if (wrong := (life[some] < 1) | (life[some] % 1 > 0)).any():
            raise ValueError(f"shelf_life must be whole periods, 1 or more, not {life[some][wrong][0]:g}")
        if not some.size:
            return None
        return cls(some, on_hand[some], life[some].astype(np.int64), apart[some])

    def live(self, arrivals: Floats, demand: Floats) -> tuple[Floats, Floats]:
        """One period: arrivals, then demand, then what expires; units left and wasted, [M].

        Args: arrivals, demand: of these items, units, [M].
        """
        self.stock[np.arange(len(self.items)), self.life - 1] += arrivals
        left = sell_oldest(self.stock, demand)
        self.stock = np.zeros_like(left)
        self.stock[:, :-1] = left[:, 1:]
        return self.stock.sum(axis=1), left[:, 0]
