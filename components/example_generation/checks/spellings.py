"""Why two files do not find each other: the same ids, written in another way."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

_SHOWN = 3


def _visible(word: str) -> str:
    plain = unicodedata.normalize("NFKC", word)
    return "".join(sign for sign in plain if unicodedata.category(sign)[0] not in "ZC")


_FOLDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("blanks or invisible characters", _visible),
    ("capital or small letters", str.casefold),
    ("numbers written with decimals", lambda word: re.sub(r"^(\d+)[.,]0+$", r"\1", word)),
    ("lost leading zeros", lambda word: re.sub(r"(?<!\d)0+(?=\d)", "", word)),
    ("hyphens or other signs", lambda word: re.sub(r"[\W_]+", "", word) or word),
)
"""How an id changes on its way through a spreadsheet or another system, and what takes both sides back."""


def same_ids(strange: Iterable[str], known: Iterable[str]) -> tuple[str, list[tuple[str, str]]]:
    """What makes ids differ that are the same to a person.

    Args:
        strange: ids of one file that do not occur in the other.
        known: ids of the other.

    Returns:
        The cause (empty where no spelling brings any together), and pairs of both spellings, by the first.
    """
    strange, known = sorted(set(strange)), sorted(set(known))
    found: list[tuple[list[tuple[str, str]], tuple[str, ...]]]
    found = [(_pairs(strange, known, fold), (cause,)) for cause, fold in _FOLDS]
    best, causes = max(found, key=lambda pair: len(pair[0]))
    whole = _pairs(strange, known, _all)
    if len(whole) > len(best):
        best = whole
        causes = _causes(*whole[0])
    return (" and ".join(causes) if best else ""), best


def _all(word: str) -> str:
    for _, fold in _FOLDS:
        word = fold(word)
    return word


def _causes(one: str, other: str) -> tuple[str, ...]:
    """What it takes, step by step, until both are the same."""
    causes = []
    for cause, fold in _FOLDS:
        before, (one, other) = (one, other), (fold(one), fold(other))
        if before != (one, other) and before[0] != before[1]:
            causes.append(cause)
    return tuple(causes)


def _pairs(strange: list[str], known: list[str], fold: Callable[[str], str]) -> list[tuple[str, str]]:
    theirs = {fold(word): word for word in known}
    return [(word, theirs[fold(word)]) for word in strange if fold(word) in theirs]


def told_apart(column: str, strange: Iterable[str], known: Iterable[str], other: str) -> str:
    """In words, with examples of both sides: why ids of a column do not occur in another file; empty: they do.

    Args:
        column: of the ids.
        strange: ids that do not occur in the other file.
        known: ids of the other file.
        other: its name.
    """
    strange, known = sorted(set(strange)), sorted(set(known))
    if not strange:
        return ""
    cause, pairs = same_ids(strange, known)
    if cause:
        first = ", ".join(f"{a!r} for {b!r}" for a, b in pairs[:_SHOWN])
        return f"{len(pairs)} {column} differ from those of {other} by {cause}: {first}"
    return (
        f"{len(strange)} {column} do not occur in {other}: {listed(strange)}; it has {listed(known)}"
        if known
        else f"{other} has no {column}"
    )


def listed(words: Iterable[str]) -> str:
    """The first of some ids, in order."""
    ordered = sorted(words)
    return ", ".join(map(repr, ordered[:_SHOWN])) + (", ..." if len(ordered) > _SHOWN else "")
