"""Whether a column that the contract does not know holds numbers or text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from components.example_generation.columns import Kind
from components.example_generation.values import number_forms
from components.example_generation.values.placeholders import empty_words
from components.example_generation.values.raw_columns import counted_texts

_CODES = 20  # different values, at most, of a column of codes
_SHOWN = 5


def kind_of(columns: Sequence[pa.Array], placeholders: frozenset[str]) -> tuple[Kind, str]:
    """The kind of a column, and what is to be said of it where that is doubtful.

    Text where most values are no numbers, or where numbers and words are codes alike, such as 0, a, b; a number where
    the few words among many numbers are mistakes, such as 1O.5. What stands for no value does not count.

    Args:
        columns: the raw values, block by block.
        placeholders: texts that stand for no value, in small letters.
    """
    numbers: dict[str, int] = {}
    words: dict[str, int] = {}
    typed = False
    for column in columns:
        found = counted_texts(column)
        if found is None:
            typed = typed or column.null_count < len(column)
            continue
        texts = number_forms.tidy(found[0])
        flags = number_forms.is_number(texts).to_pylist(), empty_words(texts, placeholders).to_pylist()
        for text, count, number, empty in zip(texts.to_pylist(), found[1].tolist(), *flags, strict=True):
            if not empty:
                kind = numbers if number else words
                kind[text] = kind.get(text, 0) + count
    if typed or not words:
        return "number", ""
    if not numbers:
        return "text", ""
    shown = ", ".join(repr(word) for word in list(words)[:_SHOWN])
    settle = "data.text_columns settles it"
    if _are_codes(numbers, words):
        return "text", f"read as text, since its values are codes ({shown} beside numbers)"
    if sum(words.values()) >= sum(numbers.values()):
        return "text", f"read as text, since most values are words ({shown})"
    return "number", f"read as numbers in spite of {shown}; {settle}"


def _are_codes(numbers: dict[str, int], words: dict[str, int]) -> bool:
    """Are the numbers few whole ones, and the words no mistyped numbers?"""
    if len(numbers) > _CODES or len(words) > _CODES or any(not re.fullmatch(r"\d+", n) for n in numbers):
        return False
    # What occurs once and holds a digit is a mistake, such as 1O for 10.
    return all(count > 1 or not re.search(r"\d", word) for word, count in words.items())
