"""What an order of units that expire meets on the shelf, along demand paths: the oldest units are sold first.

So what is sold of an order does not depend on those after it: it is what is asked for until its units expire, less what
older units serve. The rest of it is wasted (Nahmias 1982, Perishable inventory theory, Operations Research 30).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from contracts.arrays import Flags, Floats
from inventory.shelf.aging import spread_over_ages

_SLACK = 1e-6


class Met(NamedTuple):
    """Along S paths of N items.

    Attributes:
        short: units by which demand from the arrival to the end of the j-th period exceeds what older units serve,
            less what is left of these, [N, S, J], with J the shorter of cycle and shelf life.
        ran_out_before: whether older units ran out before the order arrives, [N, S].
        sellable: units of the order that are asked for until they expire, [N, S].
    """

    short: Floats
    ran_out_before: Flags
    sellable: Floats


def along_paths(
    paths: Floats, on_hand: Floats, arriving: Floats, lead_time: int, review_period: int, shelf_life: int
) -> Met:
    """Carries older units forward until those of the order would expire.

    Args:
        paths: demand of the coming periods, units, [N, S, H]; beyond H they are gone through again.
        on_hand: units at the end of the period of the review, [N], of ages as ``spread_over_ages`` takes them.
        arriving: units on their way, [N, K]: column k arrives at the start of the k-th coming period; after the order,
            with it.
        lead_time, review_period, shelf_life: L, R and F, of all of these items.
    """
    count, samples, horizon = paths.shape
    # Of each older unit the last period in which it can be sold; rising, so that cumulative sums sell the oldest first.
    life = np.full(count, shelf_life)
    by_age = spread_over_ages(on_hand, life, np.full(count, review_period))
    batches = [(0, last, by_age[:, last]) for last in range(shelf_life) if by_age[:, last].any()]
    coming = arriving[:, :lead_time]
    batches += [(k, k + shelf_life - 1, coming[:, k]) for k in range(coming.shape[1]) if coming[:, k].any()]
    late = arriving[:, lead_time:].sum(axis=1)
    if late.any():
        batches.append((lead_time, lead_time + shelf_life - 1, late))
    arrive, last_day = (np.array([batch[i] for batch in batches], np.int64) for i in (0, 1))
    units = np.array([batch[2] for batch in batches]).reshape(len(batches), count)
    stock = np.zeros((len(batches), count, samples))
    newest = int(last_day.max(initial=-1))
    ran_out = np.zeros((count, samples), bool)
    asked, columns = np.zeros((count, samples)), min(review_period, shelf_life)
    short = np.zeros((count, samples, columns))
    for period in range(lead_time + shelf_life):
        demand, left = paths[:, :, period % horizon], np.zeros((count, samples))
        if period <= newest:
            stock[arrive == period] += units[arrive == period][:, :, None]
            rest = np.maximum(np.cumsum(stock, axis=0) - demand, 0.0)
            demand = np.maximum(demand - stock.sum(axis=0), 0.0)
            stock = np.diff(rest, axis=0, prepend=0.0)
            stock[last_day == period] = 0.0
            left = stock.sum(axis=0)
        if period < lead_time:
            ran_out |= demand > _SLACK
            continue
        asked = asked + demand
        if period - lead_time < columns:
            short[:, :, period - lead_time] = asked - left
    return Met(short, ran_out, asked)
