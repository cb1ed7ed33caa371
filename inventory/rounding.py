"""From the quantity that is needed to the quantity that can be ordered: one rule, and its reason."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from contracts.arrays import Floats

# Quantities come out of sums of floats: 12.000000001 packs are 12 packs.
_SLACK = 1e-6
_MOST_PACKS = 2.0**52
_EXACT_POWERS = 22
"""Higher powers of ten are no exact floats."""

NOTHING_NEEDED = "nothing needed"
AS_NEEDED = "as needed"
RAISED_TO_MINIMUM = "raised to the minimum"
ROUNDED_TO_PACK = "rounded up to whole packs"
CUT_TO_MAXIMUM = "cut to whole packs within the maximum"
MORE_COSTS_LESS = "rounded up: of what can be ordered it costs least"
LESS_COSTS_LESS = "rounded down: of what can be ordered it costs least"
MAXIMUM_BELOW_MINIMUM = "nothing: the maximum allows less than the minimum"


def why_so_much(wanted: ArrayLike, quantity: ArrayLike) -> NDArray[np.str_]:
    """The reason of a quantity that was chosen by its cost, as text.

    Args:
        wanted: units that cost least in expectation, were any allowed.
        quantity: units ordered.
    """
    best, chosen = np.asarray(wanted, np.float64), np.asarray(quantity, np.float64)
    slack = _SLACK * np.maximum(best, 1.0)
    return np.select(
        [(best <= _SLACK) & (chosen <= _SLACK), chosen > best + slack, chosen < best - slack],
        [NOTHING_NEEDED, MORE_COSTS_LESS, LESS_COSTS_LESS],
        default=AS_NEEDED,
    )


def round_order(
    needed: ArrayLike, pack_size: ArrayLike = 1.0, minimum: ArrayLike = 0.0, maximum: ArrayLike | None = None
) -> tuple[Floats, NDArray[np.str_]]:
    """Quantity to order for a quantity needed.

    In this order: up to the minimum, up to a whole pack, down to whole packs within the maximum. Where whole
    packs within the maximum are fewer than the minimum, nothing is ordered and the reason says so. A need of
    0 or less orders nothing.

    Args:
        needed: units, any shape.
        pack_size: units of a pack, more than 0.
        minimum: smallest order in units, 0 or more.
        maximum: largest order in units; NaN or None: none.

    Returns:
        Units to order (whole packs) and the reason of each as text, broadcast shape.

    Raises:
        ValueError: a need is not finite, a pack size is not positive, or a bound is negative.
    """
    limit = np.nan if maximum is None else maximum
    need, pack, least, most = np.broadcast_arrays(
        *(np.asarray(value, dtype=np.float64) for value in (needed, pack_size, minimum, limit))
    )
    if not np.all(np.isfinite(need)):
        raise ValueError("the quantity needed must be finite")
    if not np.all((pack > 0) & (pack < np.inf)) or not np.all(least >= 0) or np.any(most < 0):
        raise ValueError("pack_size must be more than 0 and finite, minimum and maximum 0 or more")
    most = np.where(np.isnan(most), np.inf, most)

    nothing = need <= _SLACK
    allowed = np.floor(np.minimum(most / pack + _SLACK, _MOST_PACKS))
    allowed -= _multiples(allowed, pack) > most
    lowest = np.ceil(least / pack - _SLACK)
    lowest += _multiples(lowest, pack) < least
    packs = np.maximum(np.ceil(need / pack - _SLACK), lowest)
    quantity = _multiples(np.minimum(packs, allowed), pack)
    unfit = quantity < least
    order = np.where(nothing | unfit, 0.0, quantity)
    wanted = np.maximum(need, least)
    reason = np.select(
        [nothing, unfit, packs > allowed, need < least * (1 - _SLACK), quantity > wanted * (1 + _SLACK)],
        [NOTHING_NEEDED, MAXIMUM_BELOW_MINIMUM, CUT_TO_MAXIMUM, RAISED_TO_MINIMUM, ROUNDED_TO_PACK],
        default=AS_NEEDED,
    )
    return order, reason


def _multiples(packs: Floats, pack: Floats) -> Floats:
    """So many packs in units, as they are counted by hand: 97 packs of 0.1 are 9.7, not 9.700000000000001.

    A pack is the decimal that it was written as. Its digits times the number of packs, over a power of ten, is one
    rounding of exact numbers while they have no more than 15 digits.
    """
    distinct, which = np.unique(pack, return_inverse=True)
    parts = [Decimal(repr(size)).as_tuple() for size in distinct.tolist()]
    digits = np.array([int("".join(map(str, part.digits))) for part in parts], np.float64)
    exponent = np.array([int(part.exponent) for part in parts], np.int64)
    plain = np.abs(exponent) > _EXACT_POWERS
    power = 10.0 ** np.where(plain, 0, np.abs(exponent))
    up = np.where(plain, distinct, np.where(exponent > 0, digits * power, digits))
    down = np.where(exponent < 0, power, 1.0)
    which = which.reshape(pack.shape)
    return np.asarray(packs * up[which] / down[which])
