"""Times of day behind dates, cut off in bulk: what is sold at a till has more of them than there are days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.values.date_forms import CLOCK, MIDNIGHT, ZONE
from contracts.arrays import Flags

_DATE = r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{8}"
_TIMED = rf"^(?P<date>{_DATE})[T ] *(?P<time>{CLOCK}) ?(?P<zone>{ZONE})?(?: UTC)?$"


@dataclass(frozen=True)
class Cut:
    """A column of N texts without their times.

    Attributes:
        words: the distinct texts left; those that are written otherwise have their times still.
        codes: each row's index in ``words``, [N]; null where it has no text.
        timed: rows whose time was cut and is not midnight, [N].
        zoned: some time had a zone.
    """

    words: pa.Array
    codes: pa.Array
    timed: Flags
    zoned: bool


def uncut(coded: pa.DictionaryArray) -> Cut:
    """The column as it is."""
    return Cut(coded.dictionary, coded.indices, np.zeros(len(coded), dtype=bool), zoned=False)


def cut_times(coded: pa.DictionaryArray) -> Cut:
    """Cuts the times of the commonest ways to write them; each distinct text is looked at once."""
    found = pc.extract_regex(coded.dictionary, _TIMED)
    cut = found.is_valid()
    dates = pc.if_else(cut, found.field("date"), coded.dictionary).dictionary_encode()
    late = pc.and_(cut, pc.invert(pc.match_substring_regex(found.field("time"), rf"^(?:{MIDNIGHT})$")))
    zoned = pc.and_(cut, pc.greater(pc.binary_length(found.field("zone")), 0))
    timed = late.take(coded.indices).fill_null(False).to_numpy(zero_copy_only=False)
    return Cut(dates.dictionary, dates.indices.take(coded.indices), timed, bool(pc.any(zoned).as_py()))
