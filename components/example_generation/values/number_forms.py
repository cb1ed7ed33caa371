"""Texts that are numbers, as people and their tools write them."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

Decimal = Literal[".", ","]

_GAP = r"[ \x{a0}\x{2007}\x{2009}\x{202f}'\x{2019}]"  # only ever between thousands
_GAPS = rf"^([+-]?\d{{1,3}})({_GAP}\d{{3}})+([.,]\d*)?$"
_WITH_EXPONENT = r"(\d+(\.\d*)?|\.\d+)[eE][+-]?\d+"
_ENDLESS = r"inf|Inf|INF|Infinity"
FORMULA = r'^="(.*)"$'
"""What spreadsheets are made to take for a text."""


def _plain(decimal: str) -> str:
    return rf"\d+(\{decimal}\d*)?|\{decimal}\d+"


def _grouped(decimal: str) -> str:
    """With signs between thousands (and between hundreds above them, as in India): 1,234 or 12,34,567.8."""
    sign = r"\," if decimal == "." else r"\."
    return rf"[1-9]\d{{0,2}}({sign}\d{{2,3}})*{sign}\d{{3}}(\{decimal}\d*)?"


def tidy(words: pa.Array) -> pa.Array:
    """Without what says nothing: blanks around, a formula's `="..."`, gaps between thousands; a minus in front."""
    words = pc.utf8_trim_whitespace(words)
    words = pc.utf8_trim_whitespace(pc.replace_substring_regex(words, FORMULA, r"\1"))
    words = pc.replace_substring_regex(words, r"^\x{2212}|^([0-9.,]+)-$", r"-\1")
    gaps = pc.match_substring_regex(words, _GAPS)
    return pc.if_else(gaps, pc.replace_substring_regex(words, _GAP, ""), words)


def written_with(words: pa.Array, decimal: Decimal, grouped: bool = True) -> pa.Array:
    """Which tidy words are numbers where this is the decimal sign, and the other one may part thousands."""
    forms = f"{_plain(decimal)}|{_grouped(decimal)}" if grouped else _plain(decimal)
    return pc.match_substring_regex(words, rf"^[+-]?({forms})$")


def unmistakable(words: pa.Array) -> pa.Array:
    """Which tidy words are numbers whatever the decimal sign: those with an exponent are written by machines."""
    return pc.match_substring_regex(words, rf"^[+-]?({_WITH_EXPONENT}|{_ENDLESS}|\d+)$")


def is_number(words: pa.Array) -> pa.Array:
    """Which tidy words are numbers in any way of writing them."""
    return pc.or_(pc.or_(written_with(words, "."), written_with(words, ",")), unmistakable(words))


def has_sign(words: pa.Array) -> pa.Array:
    """Which words hold a sign that may be a decimal sign."""
    return pc.match_substring_regex(words, r"[.,]")


def parts_thousands(raw: pa.Array, words: pa.Array, decimal: Decimal) -> pa.Array:
    """Which words have something between their thousands: in the raw word a gap, in the tidy one a sign."""
    sign = pc.match_substring(words, "," if decimal == "." else ".")
    gap = pc.match_substring_regex(pc.utf8_trim_whitespace(raw), _GAPS)
    return pc.or_(pc.and_not(sign, unmistakable(words)), gap)


def to_floats(words: pa.Array, decimal: Decimal, readable: pa.Array) -> pa.Array:
    """Tidy words as numbers; null where they are not readable."""
    plain = pc.if_else(unmistakable(words), words, _with_point(words, decimal))
    # Not every version reads a leading plus.
    plain = pc.replace_substring_regex(plain, r"^\+", "")
    return pc.if_else(readable, plain, None).cast(pa.float64())


def _with_point(words: pa.Array, decimal: Decimal) -> pa.Array:
    thousands = "," if decimal == "." else "."
    words = pc.replace_substring(words, thousands, "")
    return words if decimal == "." else pc.replace_substring(words, ",", ".")
