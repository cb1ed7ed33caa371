"""`retail-inventory schema`: a first draft, what the data would change, and accepting it feature by feature."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFDV)
from google.protobuf import text_format
from rich.console import Console

from components.example_generation.ingest import read_rows
from contracts.durable import replace_file
from contracts.errors import UserError
from contracts.system import cannot
from pipeline.config import Config
from pipeline.inputs.notes import print_read
from pipeline.schema_review.reviewing import changes, draft, unified_diff
from pipeline.schema_review.text import parse, with_feature


def infer(data: Path, config: Config, out: Path, console: Console) -> None:
    """Writes a first draft.

    Raises:
        UserError: the file is there already, or cannot be written.
        DataRejected: the data break the contract.
    """
    if out.exists():
        raise UserError(f"{out}: exists; give a new file, so that nothing reviewed is overwritten")
    rows, report = read_rows(data, config.data)
    print_read(report, console)
    write_whole(out, draft(rows))


def diff(data: Path, config: Config, schema: Path, console: Console) -> bool:
    """Prints what accepting the data would change and which rows ask for it; returns whether anything would."""
    text = read_schema(schema)
    rows, report = read_rows(data, config.data)
    print_read(report, console)
    found = changes(text, rows)
    if not found:
        console.print(f"{schema}: the data need no change", soft_wrap=True)
        return False
    console.print(unified_diff(text, found, schema.name), markup=False, highlight=False, soft_wrap=True)
    for change in found:
        kind = "is not in the schema" if change.old is None else "asks for the change"
        console.print(f"{change.feature}: {kind}; {change.count:,} row(s)", markup=False, soft_wrap=True)
        for row in change.rows:
            console.print(f"  {row}", markup=False, soft_wrap=True)
    return True


def accept(data: Path, config: Config, schema: Path, features: Sequence[str], console: Console) -> None:
    """Writes what the data need of these features into the schema's file, and nothing else.

    Raises:
        UserError: a feature is unknown, or the file cannot be read or written.
    """
    text = read_schema(schema)
    rows, report = read_rows(data, config.data)
    print_read(report, console)
    found = {change.feature: change for change in changes(text, rows)}
    known = {feature.name for feature in parse(text).feature}
    unknown = [name for name in features if name not in found and name not in known]
    if unknown:
        acceptable = ", ".join(found) or "nothing; the data need no change"
        raise UserError(f"no such feature: {', '.join(unknown)}; what can be accepted: {acceptable}")
    after = text
    for name in features:
        if name in found:
            after = with_feature(after, found[name].new)
            console.print(f"{name}: accepted", markup=False)
        else:
            console.print(f"{name}: needs no change", markup=False)
    if after != text:
        write_whole(schema, after)
        console.print(f"wrote {schema}; look at the change and commit it", markup=False, soft_wrap=True)


def read_schema(path: Path) -> str:
    """The text of a schema.

    Raises:
        UserError: it cannot be read, or is no schema; with the place.
    """
    try:
        text = path.read_text(encoding="utf-8")
        parse(text)
    except OSError as error:
        raise cannot(
            error, f"{path}: cannot be read", "give an existing file to --schema", UserError
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no text ({error}); give a schema to --schema") from error
    except text_format.ParseError as error:
        raise UserError(f"{path}: is no schema in TFDV's text format: {error}") from error
    return text


def write_whole(path: Path, text: str) -> None:
    """Writes a file whole or not at all.

    Raises:
        UserError: the folder cannot be written to.
    """
    try:
        replace_file(path, text)
    except OSError as error:
        remedy = (
            "copy the schema to a file of your own, name it with --schema and, for runs, as schema_file in the "
            "configuration"
        )
        raise cannot(error, f"{path}: cannot be written", remedy, UserError) from error
