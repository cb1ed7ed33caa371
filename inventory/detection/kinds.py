"""What can be found, with its most likely reason and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "frozen_feed",
    "phantom_stock",
    "missed_promotion",
    "fading",
    "level_shift_down",
    "level_shift_up",
    "spike",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""The more telling ones first: where two explain the same periods of a series, the first one stands."""
Level = Literal["series", "product", "store", "category"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True)
class Words:
    """Of a kind, for people.

    Attributes:
        reason: what most likely is behind it.
        advice: what to do.
    """

    reason: str
    advice: str


WORDS: dict[Kind, Words] = {
    "frozen_feed": Words(
        "the numbers did not move where demand does: the file repeats old sales, or holds none",
        "have these dates sent again before orders are planned from them",
    ),
    "phantom_stock": Words(
        "the books have stock, and nothing sold where sales were certain: it is not on the shelf, or not there at all",
        "count the stock in the store and correct the books; the forecast counts these days as days without demand",
    ),
    "missed_promotion": Words(
        "it was planned on promotion and sold as on plain days: the offer was not set up, or not in the till",
        "ask the store whether the offer ran; correct on_promotion of these dates if it did not",
    ),
    "fading": Words(
        "demand falls little by little: a successor, a rival or a season that ends takes its place",
        "look at what is sold in its place; lower orders that were raised by hand, and train anew if it goes on",
    ),
    "level_shift_down": Words(
        "demand fell to a new level at once: a listing, a price, a neighbour or a supplier changed",
        "look for what changed on that date; train anew if it lasts",
    ),
    "level_shift_up": Words(
        "demand rose to a new level: a listing, a price or a rival changed, or the product is talked about",
        "look for what changed on that date, and at what runs out; train anew if it lasts",
    ),
    "spike": Words(
        "one period far above what was expected: a bulk purchase, an event, an offer that nobody planned, or a slip",
        "look at the receipts; correct the row if it is wrong, and plan the event if it comes again",
    ),
}
