"""The rules of the contract, applied to a block of rows at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.checks.findings import Findings, as_text
from components.example_generation.checks.remarks import Remark
from components.example_generation.columns import FileContract
from components.example_generation.reading.pieces import Block
from components.example_generation.values.casting import cast_column
from contracts.dates import WEEKDAYS, to_date
from contracts.dates import weekday as weekday_of
from contracts.errors import Problem
from contracts.rows import single, stack

ROW, PART, INVALID = "_row", "_part", "_invalid"


@dataclass
class Checked:
    """A block after its checks.

    Attributes:
        rows: the good rows in the contract's types, with their row number and part. With
            a quarantine also the invalid rows whose key is good, without values: what was sold there is
            unknown, which is not the same as nothing.
        problems: what is wrong.
        total: rows read.
        invalid: rows that break a rule.
        quarantined: the invalid rows as text, for the quarantine.
        remarks: how values were read, where that is out of the ordinary, and of how many.
    """

    rows: pa.Table | None
    problems: list[Problem] = field(default_factory=list)
    total: int = 0
    invalid: int = 0
    quarantined: pa.Table | None = None
    remarks: Counter[Remark] = field(default_factory=Counter)


def check_block(
    contract: FileContract,
    name: str,
    part: int,
    block: Block,
    *,
    weekday: int | None,
    keep_invalid: bool,
    stubs: bool = True,
    latest: int | None = None,
) -> Checked:
    """Cast the columns of a block and apply every row rule.

    A column of the key that need not be there, and is not, is empty in every row.

    Args:
        contract: the file's declaration.
        name: the file as the user knows it.
        part: number of the part within the contract file.
        block: raw columns.
        weekday: for weekly data, the day (days since 1970-01-01 modulo 7) that all dates must fall on.
        keep_invalid: keep the text of invalid rows, for the quarantine.
        stubs: with that, keep the keys of invalid rows among the rows too.
        latest: the newest date that there can be, days since 1970-01-01; None: any.
    """
    raw = {column: single(block.table[column]) for column in block.table.column_names}
    plain = block.notation.numbers_are_plain
    findings, columns = _cast(contract, name, raw, block)
    if plain and block.notation.has_commas:
        # One column tells that the file has decimal commas; a point of those before it parted thousands.
        findings, columns = _cast(contract, name, raw, block)
    if block.blank:
        findings.remark(None, "rows without any value left out", block.blank)
    if latest is not None and "date" in columns:
        columns["date"] = _check_latest(columns["date"], raw["date"], latest, contract.newest, findings)
    if weekday is not None and "date" in columns:
        columns["date"] = _check_grid(columns["date"], raw["date"], weekday, findings)
    for column in contract.key:
        if column not in raw and not contract.column(column).required:
            columns[column] = pa.array([""] * block.rows.size, pa.string()).dictionary_encode()
    rows = None
    if all(name in columns for name in contract.key):
        rows = _good_rows(contract, columns, findings, part, keep_invalid and stubs)
    problems = list(block.problems) + findings.problems
    invalid = int(findings.bad.sum())
    quarantined = _quarantined(name, raw, findings) if keep_invalid and invalid else None
    if block.ragged:
        problems.append(_ragged(name, block.ragged))
        if keep_invalid:
            quarantined = _with_ragged(name, quarantined, block.ragged)
    total = block.rows.size + len(block.ragged)
    return Checked(rows, problems, total, invalid + len(block.ragged), quarantined, findings.remarks)


def _cast(
    contract: FileContract, name: str, raw: dict[str, pa.Array], block: Block
) -> tuple[Findings, dict[str, pa.Array]]:
    findings = Findings(name, block.rows)
    columns: dict[str, pa.Array] = {}
    for column in contract.columns:
        if column.name in raw:
            values = cast_column(column, raw[column.name], findings, block.notation)
            if values is not None:
                columns[column.name] = values
    return findings, columns


def _check_grid(days: pa.Array, raw: pa.Array, weekday: int, findings: Findings) -> pa.Array:
    numbers = days.fill_null(weekday).to_numpy(zero_copy_only=False)
    message = f"a date is not a {WEEKDAYS[weekday_of(weekday)]}, as the weeks of sales_data are"
    remedy = "Date each week by the same weekday, or set the frequency to D"
    off = numbers % 7 != weekday
    findings.add(off, "off_weekly_grid", "date", raw, message, remedy)
    return pc.if_else(pa.array(off), None, days) if off.any() else days


def _check_latest(days: pa.Array, raw: pa.Array, latest: int, said: str, findings: Findings) -> pa.Array:
    late = days.fill_null(latest).to_numpy(zero_copy_only=False) > latest
    message = f"a date lies after {said}, {to_date(latest)}"
    findings.add(
        late, "future_date", "date", raw, message, "Correct the date, or leave out what is still to come"
    )
    return pc.if_else(pa.array(late), None, days) if late.any() else days


def _good_rows(
    contract: FileContract, columns: dict[str, pa.Array], findings: Findings, part: int, keep_invalid: bool
) -> pa.Table:
    invalid = findings.bad
    typed: dict[str, pa.Array] = {}
    for name, values in columns.items():
        column = contract.column(name)
        typed[name] = values.cast(column.stored, safe=False) if column.kind == "number" else values
    typed[ROW] = pa.array(findings.rows)
    typed[PART] = pa.array(np.full(invalid.size, part, np.int32))
    if keep_invalid:
        typed[INVALID] = pa.array(invalid)
    table = pa.table(typed)
    if not invalid.any():
        return table
    keep = ~invalid
    if keep_invalid:
        for name in contract.key:
            invalid = invalid & np.asarray(columns[name].is_valid())
            if contract.column(name).kind == "key" and contract.column(name).filled:
                words = pc.equal(columns[name].dictionary, "").take(columns[name].indices)
                invalid = invalid & ~np.asarray(words.fill_null(True))
        keep = keep | invalid
    return table.filter(pa.array(keep))


def _quarantined(name: str, raw: dict[str, pa.Array], findings: Findings) -> pa.Table:
    indices = np.flatnonzero(findings.bad)
    head = {
        "source": pa.array([name] * indices.size, pa.string()),
        "row": pa.array(findings.rows[indices]),
        "reason": pa.array(findings.reasons(), pa.string()),
    }
    return pa.table(
        {**head, **{c: pa.array(as_text(values, indices), pa.string()) for c, values in raw.items()}}
    )


def _ragged(name: str, ragged: dict[int, str]) -> Problem:
    shown = list(ragged)[:5]
    return Problem(
        name,
        "wrong_number_of_values",
        "a row does not have one value for each column of the header",
        "Quote values that hold a separator, close each quote, and write a value or nothing for each column",
        count=len(ragged),
        rows=tuple(shown),
        values=tuple(ragged[row][:80] for row in shown),
    )


def _with_ragged(name: str, quarantined: pa.Table | None, ragged: dict[int, str]) -> pa.Table:
    reasons = [f"not one value for each column: {text}" for text in ragged.values()]
    head = pa.table(
        {
            "source": pa.array([name] * len(ragged), pa.string()),
            "row": pa.array(list(ragged), pa.int64()),
            "reason": pa.array(reasons, pa.string()),
        }
    )
    return head if quarantined is None else stack([quarantined, head])
