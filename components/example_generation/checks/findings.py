"""What is wrong with the rows of one block, gathered rule by rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from components.example_generation.checks.remarks import Remark
from components.example_generation.contract import FILES, contract_file
from contracts.arrays import Flags, Integers
from contracts.errors import Problem

SHOWN = 5  # offending rows that a problem names; the count tells the rest
_LETTERS = 80  # of a value that a problem shows


class Findings:
    """Problems of a block of rows, and which of its rows they spoil."""

    def __init__(self, file: str, rows: Integers) -> None:
        """Start with no findings.

        Args:
            file: the file as the user knows it.
            rows: row number of each row of the block.
        """
        self.file = file
        self.rows = rows
        self.problems: list[Problem] = []
        self.remarks: Counter[Remark] = Counter()
        self.bad = np.zeros(rows.size, dtype=bool)
        self._found: list[tuple[Integers, str | None, str]] = []

    def add(
        self,
        mask: Flags,
        rule: str,
        column: str | None,
        values: pa.Array | None,
        message: str,
        remedy: str,
    ) -> None:
        """Record the rows under the mask as breaking a rule; an empty mask records nothing."""
        indices = np.flatnonzero(mask)
        if indices.size == 0:
            return
        first = indices[:SHOWN]
        texts = [""] * first.size if values is None else as_text(values, first)
        shown = tuple(text if len(text) <= _LETTERS else f"{text[:_LETTERS]}..." for text in texts)
        self.problems.append(
            Problem(
                self.file,
                rule,
                message,
                remedy,
                column=column,
                count=int(indices.size),
                rows=tuple(int(row) for row in self.rows[first]),
                values=shown,
            )
        )
        self.bad[indices] = True
        self._found.append((indices, column, message))

    def remark(self, column: str | None, text: str, count: int = 0) -> None:
        """Record how values were read, and of how many values that is worth telling."""
        self.remarks[Remark(self.file, column or "", text, counted=count > 0)] += count

    def add_file(self, rule: str, column: str | None, message: str, remedy: str) -> None:
        """Record a fault of the whole file."""
        self.problems.append(Problem(self.file, rule, message, remedy, column=column))

    def marked(self, column: str) -> Flags:
        """Which rows have a finding in this column already."""
        mask = np.zeros(self.rows.size, dtype=bool)
        for indices, name, _ in self._found:
            if name == column:
                mask[indices] = True
        return mask

    def reasons(self) -> list[str]:
        """Why each bad row is bad, in order of the rows."""
        texts: dict[int, list[str]] = {index: [] for index in np.flatnonzero(self.bad).tolist()}
        for indices, column, message in self._found:
            for index in indices.tolist():
                texts[index].append(f"{column}: {message}" if column else message)
        return ["; ".join(parts) for parts in texts.values()]


def as_text(values: pa.Array, indices: Integers) -> list[str]:
    """Values at some indices, as a person would recognise them; an empty value is ''."""
    texts = []
    for value in values.take(pa.array(indices)).to_pylist():
        text = value.decode("utf-8", errors="backslashreplace") if isinstance(value, bytes) else value
        texts.append("" if text is None else f"{text:g}" if isinstance(text, float) else str(text))
    return texts


def merge_problems(problems: Iterable[Problem]) -> list[Problem]:
    """One problem for each file, column and rule, with the counts added up and the first rows kept.

    Files come in the order of the contract, columns and rules in the order in which they were found.
    """
    merged: dict[tuple[str, str, str | None, str], Problem] = {}
    for problem in problems:
        # A fault of the whole file is told with its message: two workers may meet the same one.
        key = (problem.file, problem.rule, problem.column, "" if problem.rows else problem.message)
        known = merged.get(key)
        if known is None:
            merged[key] = problem
        elif problem.rows:
            seen = sorted(zip(known.rows + problem.rows, known.values + problem.values, strict=True))[:SHOWN]
            merged[key] = replace(
                known,
                count=known.count + problem.count,
                rows=tuple(row for row, _ in seen),
                values=tuple(value for _, value in seen),
            )
    names = list(FILES)
    return sorted(merged.values(), key=lambda p: (_order(names, p.file), p.file, p.rows[:1]))


def _order(names: list[str], file: str) -> int:
    name = contract_file(file)
    return names.index(name) if name is not None else len(names)
