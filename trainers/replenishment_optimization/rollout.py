"""What the orders of one series at its following reviews cost, rolled out in TensorFlow along the demand that came.

Hindsight differentiable simulation (Alvo et al. 2023, arXiv:2306.11246; Madeka et al. 2022, arXiv:2210.03137): demand
does not depend on what was ordered, so that gradients of the realised cost go back through the lost-sales dynamics to
every order. Windows of one series whose origins lie a review apart follow each other in a batch; each such chain is
lived through in the order of events of ``inventory.periods``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import tensorflow as tf

from trainers.transform_graph import RAW

_START_SHARES = (0.25, 0.85)
"""Random starts: below the first with nothing on the shelf, up to the second with up to ``_USUAL`` times what the
protection interval asks for, beyond with up to ``_TOO_MUCH`` times.
"""
_USUAL, _TOO_MUCH = 1.5, 4.0
_SLACK = 1e-4
"""Of a pack: so much more than whole packs is a rounding of floats."""


class State(NamedTuple):
    """Units on hand at a review, [B], and on their way, [B, H].

    Column j arrives at the start of the j-th coming period.
    """

    on_hand: tf.Tensor
    arriving: tf.Tensor


class Chains(NamedTuple):
    """How the windows of a batch follow each other, each [B].

    Attributes:
        position: of a window in its chain, from 0.
        first: index in the batch of its chain's first window.
        last: whether it is its chain's last.
    """

    position: tf.Tensor
    first: tf.Tensor
    last: tf.Tensor

    @classmethod
    def of(cls, parsed: Mapping[str, tf.Tensor], period_days: int, most: int) -> Chains:
        """Windows that lie next to each other in the batch, of one series and a review apart, form a chain.

        It ends where demand until the next review is not known.

        Args:
            parsed: raw ``store_id``, ``product_id`` and ``origin``, and ``review``, [B, 1]; ``label_demand_known``,
                [B, H].
            period_days: 1 or 7.
            most: windows of a chain.
        """
        origin, review = parsed[RAW + "origin"][:, 0], parsed["review"]
        follows = known_until(parsed["label_demand_known"], review)[:-1] > 0.5
        follows &= origin[1:] - origin[:-1] == tf.cast(review[1:, 0], tf.int64) * period_days
        for name in ("store_id", "product_id"):
            follows &= parsed[RAW + name][1:, 0] == parsed[RAW + name][:-1, 0]
        index = tf.range(tf.size(origin))
        begins = tf.concat([tf.ones_like(index[:1]), 1 - tf.cast(follows, tf.int32)], axis=0)
        series = tf.cumsum(begins) - 1
        position = (index - tf.gather(tf.math.segment_min(index, series), series)) % most
        goes_on = tf.concat([position[1:] > 0, tf.zeros_like(origin[:1], tf.bool)], axis=0)
        return cls(position, index - position, ~goes_on)


class Labels(NamedTuple):
    """What orders are judged by.

    Attributes:
        parsed: as ``costs`` reads them.
        chains: of the batch.
        starts: a state of each window, of which those count that begin a chain.
    """

    parsed: dict[str, tf.Tensor]
    chains: Chains
    starts: State


def known_until(known: tf.Tensor, periods: tf.Tensor) -> tf.Tensor:
    """1 where all of the first periods are known, and there are so many, else 0, [B].

    Args:
        known: 1 or 0, [B, H].
        periods: how many, [B, 1].
    """
    horizon = known.shape[1]
    needed = tf.range(horizon, dtype=tf.float32)[None, :] < periods
    reaches = tf.cast(periods[:, 0] <= float(horizon), tf.float32)
    return tf.reduce_min(tf.where(needed, known, 1.0), axis=1) * reaches


def random_starts(parsed: Mapping[str, tf.Tensor], lead: tf.Tensor, seed: int) -> State:
    """States of any kind, so that a policy does not only know those that good policies visit.

    Args:
        parsed: ``scale`` (units a period), ``review`` and ``protection``, [B, 1], and ``label_demand``, [B, H].
        lead: L, periods, [B, 1].
        seed: of the draw.
    """
    size, horizon = tf.shape(parsed["label_demand"])[0], parsed["label_demand"].shape[1]
    drawn = tf.random.stateless_uniform((size, 3), (seed, 3))
    most = tf.where(drawn[:, :1] < _START_SHARES[1], _USUAL, _TOO_MUCH)
    most = tf.where(drawn[:, :1] < _START_SHARES[0], 0.0, most)
    usual = parsed["scale"] * parsed["protection"]
    on_hand = (most * drawn[:, 1:2] * usual)[:, 0]
    # Orders of the reviews before: each arrives a whole number of reviews before this one's would.
    ahead = tf.range(horizon, dtype=tf.float32)[None, :]
    due = (ahead < lead) & (tf.math.floormod(lead - ahead, parsed["review"]) == 0.0)
    cycles = tf.random.stateless_uniform((size, horizon), (seed, 4), 0.0, 2.0)
    some = tf.cast(drawn[:, 2:] < 0.75, tf.float32)
    arriving = tf.where(due, cycles * some * parsed["scale"] * parsed["review"], 0.0)
    return State(on_hand, arriving)


def costs(
    level: tf.Tensor,
    most: tf.Tensor,
    parsed: Mapping[str, tf.Tensor],
    chains: Chains,
    starts: State,
) -> tf.Tensor:
    """Holding and shortage cost of what each window's order decides, money, [B].

    An order is the level less what is on hand and on its way, and at most ``most``, rounded up to whole packs. Each
    chain begins in a state of its own; its costs begin with the arrival of its first order, and end with the cycle of
    its last.

    Args:
        level, most: units, [B].
        parsed: ``label_demand`` [B, H]; ``lead``, ``review``, ``holding_cost``, ``shortage_cost`` and ``pack_size``,
            [B, 1].
        chains: of the batch.
        starts: of each window, of which those count that begin a chain.
    """
    demand, lead = parsed["label_demand"], parsed["lead"]
    # One for all windows: a setting.
    review = parsed["review"][0, 0]
    horizon = demand.shape[1]
    ahead = tf.range(horizon, dtype=tf.float32)
    # As products with matrices of zeros and ones, which differentiate faster than picking does.
    at_review = tf.cast(ahead == tf.minimum(review, float(horizon)) - 1.0, tf.float32)[:, None]
    passing = tf.cast(ahead[:, None] == ahead[None, :] + review, tf.float32)
    on_arrival = tf.cast(ahead[None, :] == lead, tf.float32)
    until = tf.where(chains.last[:, None], lead + review, review)

    def live(number: tf.Tensor, state: State, total: tf.Tensor) -> tuple[tf.Tensor, State, tf.Tensor]:
        """The review at which each chain's ``number``-th window orders, and the periods up to the next one."""
        there = state.on_hand + tf.reduce_sum(state.arriving, axis=1)
        order = _whole_packs(tf.minimum(tf.nn.relu(level - there), most), parsed["pack_size"][:, 0])
        arriving = state.arriving + on_arrival * order[:, None]
        net = tf.cumsum(arriving - demand, axis=1)
        lost = tf.nn.relu(-state.on_hand[:, None] - _running_minimum(net))
        left = state.on_hand[:, None] + net + lost
        begun = tf.cast(number, tf.float32) * review
        counted = tf.cast((ahead < until) & (ahead + begun >= lead), tf.float32)
        # Each period's newly lost units are charged where it counts, so that by then it is what counts less the next.
        charged = counted - tf.pad(counted[:, 1:], [[0, 0], [0, 1]])
        cost = parsed["holding_cost"] * counted * left + parsed["shortage_cost"] * charged * lost
        total = tf.where(chains.position == number, tf.reduce_sum(cost, axis=1), total)
        after, coming = tf.matmul(left, at_review)[:, 0], tf.matmul(arriving, passing)
        # The next window of the chain is the next of the batch.
        goes_on = chains.position == number + 1
        state = State(
            tf.where(goes_on, tf.roll(after, 1, axis=0), state.on_hand),
            tf.where(goes_on[:, None], tf.roll(coming, 1, axis=0), state.arriving),
        )
        return number + 1, state, total

    # As many rounds as the longest chain has windows, so that what may be longer takes no longer.
    longest = tf.reduce_max(chains.position) + 1
    *_, total = tf.while_loop(
        lambda number, *_: number < longest, live, (tf.constant(0), starts, tf.zeros_like(level))
    )
    return total


def _whole_packs(order: tf.Tensor, pack: tf.Tensor) -> tf.Tensor:
    """The order rounded up as it will be, units, [B]; its gradient is that of the order before.

    A network that learned from orders of any size would order half a pack too much on average. Rounding has no
    gradient of its own: the cost is taken where the rounded order leads, and falls as it does for the plain one
    (straight through: Bengio et al. 2013, arXiv:1308.3432).
    """
    return order + tf.stop_gradient(tf.math.ceil(order / pack - _SLACK) * pack - order)


def _running_minimum(values: tf.Tensor) -> tf.Tensor:
    """Least value up to each column, [B, H]."""
    width, step = values.shape[1], 1
    while step < width:
        before = tf.pad(values[:, :-step], [[0, 0], [step, 0]], constant_values=values.dtype.max)
        values, step = tf.minimum(values, before), 2 * step
    return values
