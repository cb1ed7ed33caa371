"""The files that fit into memory at once: external factors, products and the stores' calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from components.example_generation.checks.quarantine import quarantined_rows
from components.example_generation.checks.remarks import Remark
from components.example_generation.checks.rules import check_block
from components.example_generation.contract import (
    CONDITION,
    EXTERNAL,
    FILES,
    PRODUCTS,
    STORE_CALENDAR,
    FileContract,
    Kind,
)
from components.example_generation.joining.keys import repeated, unique_rows
from components.example_generation.options import DataOptions
from components.example_generation.reading.files import Inputs, Source
from components.example_generation.reading.pieces import Block, read_blocks
from components.example_generation.report import Part
from components.example_generation.values.column_kinds import kind_of
from contracts.rows import single, stack


@dataclass(frozen=True)
class SmallFiles:
    """Checked rows of each file; None where the file is missing or its columns are unusable."""

    external: pa.Table | None
    external_columns: Mapping[str, Kind]  # name to number or text
    products: pa.Table | None
    store_calendar: pa.Table | None
    part: Part


def read_small_files(inputs: Inputs, options: DataOptions, weekday: int | None) -> SmallFiles:
    """Read and check these files; what is wrong is in the returned part."""
    part = Part()
    external, columns = None, dict[str, Kind]()
    if EXTERNAL in inputs.sources:
        external, columns = _read_external(inputs.sources[EXTERNAL], options, weekday, part)
    products = store_calendar = None
    if PRODUCTS in inputs.sources:
        source = inputs.sources[PRODUCTS]
        products = _check(source, source.file, _blocks(source), options, None, part)
    if STORE_CALENDAR in inputs.sources:
        source = inputs.sources[STORE_CALENDAR]
        store_calendar = _check(source, source.file, _blocks(source), options, weekday, part)
    return SmallFiles(external, columns, products, store_calendar, part)


_Blocks = list[tuple[str, int, Block]]
"""File, part and block."""


def _blocks(source: Source) -> _Blocks:
    """The blocks of a file; one that may name stores and does not is of all of them."""
    found = [(piece.name, piece.number, block) for piece in source.pieces for block in read_blocks(piece)]
    if "store_id" in source.columns or "store_id" not in source.file.column_names:
        return found
    return [(name, part, replace(block, table=_for_all_stores(block.table))) for name, part, block in found]


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


def _for_all_stores(table: pa.Table) -> pa.Table:
    return table.append_column("store_id", pa.nulls(table.num_rows, pa.string()))


def _check(
    source: Source,
    contract: FileContract,
    blocks: _Blocks,
    options: DataOptions,
    weekday: int | None,
    part: Part,
) -> pa.Table | None:
    """All blocks of one file, checked, each key once."""
    name = contract.name
    keep = options.quarantine is not None
    tables = []
    for file, number, block in blocks:
        checked = check_block(contract, file, number, block, weekday=weekday, keep_invalid=keep, stubs=False)
        part.problems += checked.problems
        for remark, count in checked.remarks.items():
            part.remarks[remark] = part.remarks.get(remark, 0) + count
        part.read[name] = part.read.get(name, 0) + checked.total
        part.invalid[name] = part.invalid.get(name, 0) + checked.invalid
        if checked.quarantined is not None:
            part.quarantined.setdefault(name, []).append(checked.quarantined)
        if checked.rows is not None:
            tables.append(checked.rows)
    if not tables:
        return None
    table = stack(tables)
    names = {piece.number: piece.name for piece in source.pieces}
    unique = unique_rows(table, contract, names)
    part.problems += unique.problems
    part.invalid[name] += unique.twice.size
    if keep and unique.twice.size:
        quarantined = quarantined_rows(table, unique.twice, contract, names, repeated(contract))
        part.quarantined.setdefault(name, []).append(quarantined)
    return table.take(pa.array(unique.order))
