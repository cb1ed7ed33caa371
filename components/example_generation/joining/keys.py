"""Rows by their key: sorted, with each key once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.by_file import problems_by_file
from components.example_generation.checks.rules import INVALID, PART, ROW
from components.example_generation.columns import FileContract
from components.example_generation.contract import SALES
from contracts.arrays import Integers
from contracts.dates import to_date
from contracts.errors import Problem
from contracts.rows import single

_REMEDIES = {SALES: "Keep one row for each, or add invoice lines up with data.duplicates: sum"}


def ranks(column: pa.ChunkedArray | pa.Array) -> tuple[Integers, pa.Array]:
    """Each value's index among the distinct values in order, and these values."""
    if isinstance(column, pa.ChunkedArray) and pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    coded = single(column)
    if not pa.types.is_dictionary(coded.type):
        coded = coded.dictionary_encode()
    codes = coded.indices.to_numpy(zero_copy_only=False)
    # A filter leaves values in the dictionary that no row has any more.
    used = np.flatnonzero(np.bincount(codes, minlength=len(coded.dictionary)))
    words = coded.dictionary.take(pa.array(used))
    order = pc.array_sort_indices(words).to_numpy(zero_copy_only=False)
    rank = np.zeros(len(coded.dictionary), dtype=np.int64)
    rank[used[order]] = np.arange(order.size)
    return rank[codes], words.take(pa.array(order))


def joint_key(table: pa.Table, key: Sequence[str]) -> Integers:
    """One integer a row that sorts like the columns of the key, the last of them fastest."""
    joint = np.zeros(table.num_rows, dtype=np.int64)
    for name in key:
        if name == "date":
            values = single(table[name]).to_numpy(zero_copy_only=False).astype(np.int64)
            codes = values - (values.min() if values.size else 0)
        else:
            codes, _ = ranks(table[name])
        joint = joint * (int(codes.max(initial=0)) + 1) + codes
    return joint


@dataclass(frozen=True)
class Unique:
    """Rows in order of their key, each key once.

    Attributes:
        order: indices of the rows that stay.
        twice: indices of the rows whose key came before.
        problems: one for each file that repeats keys.
    """

    order: Integers
    twice: Integers
    problems: tuple[Problem, ...] = ()


def unique_rows(table: pa.Table, contract: FileContract, names: Mapping[int, str]) -> Unique:
    """Sort by key and drop rows that repeat one; of equal keys the first in the files stays.

    Args:
        table: checked rows.
        contract: names the columns of the key; dates sort last, below store and product.
        names: the file of each part, by number.
    """
    key = sorted(contract.key, key=lambda name: name == "date")
    joint = joint_key(table, key)
    order = np.argsort(joint, kind="stable")  # inputs mostly come in runs, which this sort is quick on
    repeats = joint[order][1:] == joint[order][:-1]
    if not repeats.any():
        return Unique(order, np.zeros(0, np.int64))
    part, row = (single(table[name]).to_numpy(zero_copy_only=False) for name in (PART, ROW))
    # Workers deliver blocks in any order, so "first" has to be told by part and row. An invalid row only holds
    # the place of its key: where the key has a good row too, it is neither needed nor a duplicate.
    invalid = np.zeros(table.num_rows, dtype=bool)
    if INVALID in table.column_names:
        invalid = np.asarray(single(table[INVALID]))
    order = np.lexsort((row, part, invalid, joint))
    later = np.append(False, joint[order][1:] == joint[order][:-1])
    twice = order[later & ~invalid[order]]
    starts = np.flatnonzero(~later)
    first = order[starts[np.cumsum(~later) - 1]][later & ~invalid[order]]

    def text(place: int) -> str:
        index, other = twice[place], first[place]
        where = "" if part[other] == part[index] else f" of {names[part[other]]}"
        return f"{key_text(table, contract.key, int(index))} as in row {row[other]}{where}"

    remedy = _REMEDIES.get(contract.name, "Keep one row for each")
    problems = problems_by_file(table, twice, names, text, "duplicate_key", repeated(contract), remedy)
    return Unique(order[~later], twice, tuple(problems))


def repeated(contract: FileContract) -> str:
    """What is wrong with a row whose key came before."""
    return f"the same {', '.join(contract.key)} occurs again"


def key_text(table: pa.Table, key: Sequence[str], index: int) -> str:
    """The key of one row, as a person would write it."""
    parts = []
    for name in key:
        value = table[name][index].as_py()
        if name == "date":
            value = to_date(value)
        parts.append("all stores" if value == "" else str(value))
    return ", ".join(parts)
