"""The files that fit into memory at once: all but sales and stock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from components.example_generation.checks.product_rows import contradictions
from components.example_generation.checks.quarantine import set_aside
from components.example_generation.checks.remarks import Remark
from components.example_generation.checks.rules import check_block
from components.example_generation.columns import FileContract, Kind
from components.example_generation.contract import (
    CONDITION,
    EXTERNAL,
    FILES,
    PLANNED,
    PRODUCTS,
    STORE_CALENDAR,
    SUPPLIERS,
)
from components.example_generation.dates import today
from components.example_generation.joining.keys import repeated, unique_rows
from components.example_generation.joining.planned import Plan
from components.example_generation.options import DataOptions
from components.example_generation.reading.files import Inputs, Source
from components.example_generation.reading.pieces import Block, read_blocks
from components.example_generation.report import Part
from components.example_generation.suppliers.checks import read_weekdays, supplier_notes, unknown_suppliers
from components.example_generation.suppliers.terms import with_terms
from components.example_generation.values.column_kinds import kind_of
from contracts.columns import ORDER_WEEKDAYS
from contracts.rows import single, stack

_AHEAD_DAYS = 732
"""Nobody plans prices more than two years ahead: a later date is mistyped."""


@dataclass(frozen=True)
class SmallFiles:
    """Checked rows of each file; None where the file is missing or its columns are unusable."""

    external: pa.Table | None
    external_columns: Mapping[str, Kind]  # name to number or text
    plan: Plan | None
    products: pa.Table | None  # with the terms of their suppliers
    store_calendar: pa.Table | None
    supplier_notes: tuple[str, ...]
    part: Part


def read_small_files(inputs: Inputs, options: DataOptions, weekday: int | None) -> SmallFiles:
    """Read and check these files; what is wrong is in the returned part."""
    part = Part()
    external, columns = None, dict[str, Kind]()
    if EXTERNAL in inputs.sources:
        external, columns = _read_external(inputs.sources[EXTERNAL], options, weekday, part)
    planned = products = store_calendar = None
    if PLANNED in inputs.sources:
        source = inputs.sources[PLANNED]
        planned = _check(source, source.file, _blocks(source), options, weekday, part, today() + _AHEAD_DAYS)
    if PRODUCTS in inputs.sources:
        source = inputs.sources[PRODUCTS]
        products = _check(source, source.file, _blocks(source), options, None, part)
        if products is not None:
            products = _consistent(products, source, options, part)
    if STORE_CALENDAR in inputs.sources:
        source = inputs.sources[STORE_CALENDAR]
        store_calendar = _check(source, source.file, _blocks(source), options, weekday, part)
    notes: list[str] = []
    if SUPPLIERS in inputs.sources:
        products, notes = _supplied(products, inputs, options, part)
    plan = None if planned is None else Plan.of(planned)
    return SmallFiles(external, columns, plan, products, store_calendar, tuple(notes), part)


_Blocks = list[tuple[str, int, Block]]
"""File, part and block."""


def _blocks(source: Source) -> _Blocks:
    """All rows of a file, as they are read."""
    return [(piece.name, piece.number, block) for piece in source.pieces for block in read_blocks(piece)]


def _read_external(
    source: Source, options: DataOptions, weekday: int | None, part: Part
) -> tuple[pa.Table | None, dict[str, Kind]]:
    blocks = _blocks(source)
    kinds: dict[str, Kind] = {}
    for name in source.columns:
        if name in source.file.column_names:
            continue
        columns = [single(b.table[name]) for _, _, b in blocks if name in b.table.column_names]
        kinds[name], doubt = kind_of(columns, options.dialect.of(EXTERNAL).placeholders)
        if name in options.text_columns:
            kinds[name] = "text"
        elif doubt:
            part.remarks[Remark(source.pieces[0].name, name, doubt)] = 0
    for name in set(options.text_columns) - set(kinds):
        part.remarks[
            Remark(source.pieces[0].name, "", f"no column {name}, which data.text_columns names")
        ] = 0
    further = tuple(replace(CONDITION, name=name, kind=kind) for name, kind in kinds.items())
    contract = replace(source.file, columns=FILES[EXTERNAL].columns + further)
    return _check(source, contract, blocks, options, weekday, part), kinds


def _check(
    source: Source,
    contract: FileContract,
    blocks: _Blocks,
    options: DataOptions,
    weekday: int | None,
    part: Part,
    latest: int | None = None,
) -> pa.Table | None:
    """All blocks of one file, checked, each key once; no date is later than the latest (days since 1970-01-01)."""
    name = contract.name
    keep = options.quarantine is not None
    tables = []
    for file, number, block in blocks:
        checked = check_block(
            contract, file, number, block, weekday=weekday, keep_invalid=keep, stubs=False, latest=latest
        )
        part.problems += checked.problems
        part.remarks.update(checked.remarks)
        part.read[name] += checked.total
        part.invalid[name] += checked.invalid
        if checked.quarantined is not None:
            part.quarantined.setdefault(name, []).append(checked.quarantined)
        if checked.rows is not None:
            tables.append(checked.rows)
    if not tables:
        return None
    table = stack(tables)
    # A file without stores is told of by the columns that it has.
    contract = replace(contract, key=tuple(n for n in contract.key if n in source.columns))
    unique = unique_rows(table, contract, _names(source))
    part.problems += unique.problems
    set_aside(table, unique.twice, source.file, _names(source), repeated(contract), part, keep)
    return table.take(pa.array(unique.order))


def _consistent(products: pa.Table, source: Source, options: DataOptions, part: Part) -> pa.Table:
    """The products without those whose values contradict each other."""
    good = np.ones(products.num_rows, dtype=bool)
    names, keep = _names(source), options.quarantine is not None
    for found in contradictions(products):
        part.problems += found.problems(products, names)
        left = found.wrong[good[found.wrong]]
        set_aside(products, left, source.file, names, f"{found.column}: {found.message}", part, keep)
        good[found.wrong] = False
    return products.filter(pa.array(good))


def _supplied(
    products: pa.Table | None, inputs: Inputs, options: DataOptions, part: Part
) -> tuple[pa.Table | None, list[str]]:
    """The products with the terms of their suppliers, and what is to be said of these."""
    source = inputs.sources[SUPPLIERS]
    suppliers = _check(source, source.file, _blocks(source), options, None, part)
    if suppliers is None:
        return products, []
    suppliers, wrong = read_weekdays(suppliers, _names(source))
    names = _names(inputs.sources[PRODUCTS]) if PRODUCTS in inputs.sources else {}
    for file, problems in ((SUPPLIERS, wrong), (PRODUCTS, unknown_suppliers(products, suppliers, names))):
        part.problems += problems
        part.invalid[file] += sum(problem.count for problem in problems)
    weekly = options.frequency == "W"
    used = suppliers
    if weekly and ORDER_WEEKDAYS in suppliers.column_names:
        used = suppliers.drop([ORDER_WEEKDAYS])
    supplied = None if products is None else with_terms(products, used, options.fallback_lead_time)
    return supplied, supplier_notes(supplied, suppliers, products, weekly)


def _names(source: Source) -> dict[int, str]:
    """The file of each part, by number."""
    return {piece.number: piece.name for piece in source.pieces}
