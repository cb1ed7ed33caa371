"""What may differ from one retailer to the next, and the combinations that are tried."""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Iterator, Mapping
from typing import Any

from allpairspy import AllPairs

Case = dict[str, str]
"""A level of each factor, and ``seed``, which all random values of the case follow from."""

COLUMN = ("present", "absent", "empty", "empty_newest")

FACTORS: Mapping[str, tuple[str, ...]] = {
    "frequency": ("D", "W"),
    "products": ("full", "none", "empty_columns", "by_store"),
    "costs": ("given", "derived", "targets"),
    "inventory": ("full", "none", "newest", "empty", "empty_newest"),
    "external": ("number", "none", "text", "forty", "named_like_features", "empty_newest", "unknown_future"),
    "planned": ("prices", "none", "promotions", "settings"),
    "unit_price": COLUMN,
    "discount": COLUMN,
    "on_promotion": COLUMN,
    "in_stock": COLUMN,
    "stores": ("several", "one"),
    "items": ("several", "one"),
    "ids": ("plain", "unicode", "punctuation"),
    "suppliers": ("none", "order_days", "lead_times", "least_orders"),
    "shelf": ("any", "looks", "holds", "keeps"),
    "lead_time": ("short", "zero", "beyond_horizon"),
    "horizon": ("longer", "protection_interval"),
    "history": ("ample", "bound"),
    "windows": ("many", "few"),
    "rows": ("dense", "sparse"),
    "sundays": ("open", "closed", "calendar"),
    "missing_dates": ("zero", "unknown"),
    "form": ("csv", "semicolon", "utf16", "xlsx", "parquet", "parts"),
    "decimals": ("none", "units", "packs"),
    "quantiles": ("default", "three"),
    "trees": ("some", "none"),
    "duplicates": ("refuse", "sum"),
    "stock": ("fresh", "stale"),
    "workspace": ("plain", "blanks"),
}
"""The first level of each is the plain one, which a case's text leaves out."""


def excluded(case: Mapping[str, str]) -> bool:
    """Whether the documentation excludes such a combination, or it means nothing. Factors may be missing."""
    has = case.get
    return (
        # A week has no Sunday of its own.
        (has("sundays") not in ("open", None) and has("frequency") == "W")
        # Lead times and packs of single products stand in the products file.
        or (has("lead_time") == "beyond_horizon" and has("products") not in ("full", None))
        or (has("decimals") == "packs" and has("products") not in ("full", None))
        or (has("shelf") not in ("any", None) and has("products") in ("none", "empty_columns"))
        or (has("suppliers") not in ("none", None) and has("products") in ("none", "empty_columns"))
        # So do unit costs and service targets.
        or (has("costs") not in ("given", None) and has("products") in ("none", "empty_columns"))
        # Were all orders to arrive after the data's end, there would be nothing to judge them by.
        or (has("lead_time") == "beyond_horizon" and has("items") == "one")
        # Stock that is not there has no age.
        or (has("stock") == "stale" and has("inventory") not in ("full", None))
        # Where each period counts, none may be unknown.
        or (
            (
                has("history") == "bound"
                or has("windows") == "few"
                # Orders of one product of two are judged, those of one store.
                or (has("lead_time") == "beyond_horizon" and has("stores") == "one")
            )
            and has("missing_dates") == "unknown"
            and (has("rows") == "sparse" or has("sundays") not in ("open", None))
        )
    )


@functools.cache
def pairwise() -> tuple[Case, ...]:
    """Few cases in which any two levels of any two factors meet, unless they are excluded."""
    names = list(FACTORS)

    def valid(row: list[Any]) -> bool:
        return not excluded(dict(zip(names, row, strict=False)))

    cases = [
        dict(zip(names, row, strict=True)) for row in AllPairs(list(FACTORS.values()), filter_func=valid)
    ]
    # Where rows are filtered, the library leaves some pairs out.
    left = {pair for pair in _allowed_pairs() if not any(_meets(case, pair) for case in cases)}
    chosen = random.Random(0)
    while left:
        given: dict[str, str] = {}
        for one, level, other, further in sorted(left):
            both = given | {one: level, other: further}
            if given.items() <= both.items() and not excluded(both):
                given = both
        cases.append(_case(chosen, given))
        left = {pair for pair in left if not _meets(cases[-1], pair)}
    return tuple(case | {"seed": str(i)} for i, case in enumerate(cases))


Pair = tuple[str, str, str, str]


def _allowed_pairs() -> Iterator[Pair]:
    for one, other in itertools.combinations(FACTORS, 2):
        for level, further in itertools.product(FACTORS[one], FACTORS[other]):
            if not excluded({one: level, other: further}):
                yield one, level, other, further


def _meets(case: Case, pair: Pair) -> bool:
    return case[pair[0]] == pair[1] and case[pair[2]] == pair[3]


def _case(chosen: random.Random, given: Mapping[str, str]) -> Case:
    while True:
        case = {**{name: chosen.choice(levels) for name, levels in FACTORS.items()}, **given}
        if not excluded(case):
            return case


def at_random(seed: int) -> Iterator[Case]:
    """Cases without end, each level as likely as its excluded combinations allow."""
    chosen = random.Random(seed)
    while True:
        yield _case(chosen, {}) | {"seed": str(chosen.randrange(10_000))}


def first(count: int, seed: int = 0) -> list[Case]:
    """The pairwise cases, and behind them random ones."""
    cases, more = list(pairwise()), at_random(seed)
    return (cases + [next(more) for _ in range(count - len(cases))])[:count]


def to_text(case: Case) -> str:
    """``factor=level`` for each level that is not the plain one, and the seed."""
    changed = [f"{name}={case[name]}" for name, levels in FACTORS.items() if case[name] != levels[0]]
    return " ".join([*changed, f"seed={case['seed']}"])


def from_text(text: str) -> Case:
    """The case of such a text.

    Raises:
        ValueError: a factor or level is not there, or the combination is excluded.
    """
    case = {name: levels[0] for name, levels in FACTORS.items()} | {"seed": "0"}
    for word in text.split():
        name, _, level = word.partition("=")
        if name not in case or level not in FACTORS.get(name, (level,)):
            raise ValueError(f"{word}: factors and levels are {dict(FACTORS)}")
        case[name] = level
    if excluded(case):
        raise ValueError(f"{text}: is excluded")
    return case
