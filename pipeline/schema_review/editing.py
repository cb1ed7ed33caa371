"""`retail-inventory schema`: a first draft, what the data would change, and accepting it feature by feature."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFDV)
import pyarrow as pa
from google.protobuf import text_format

from components.example_generation.folder import read_folder
from contracts.durable import replace_file
from contracts.errors import UserError, cannot
from pipeline.config import Config
from pipeline.inputs.notes import OnRead
from pipeline.schema_review.reviewing import Change, changes, draft, unified_diff
from pipeline.schema_review.text import parse, with_feature


def infer(data: Path, config: Config, out: Path, on_read: OnRead) -> None:
    """Writes a first draft.

    Raises:
        UserError: the file is there already, or cannot be written.
        DataRejected: the data break the contract.
    """
    if out.exists():
        raise UserError(f"{out}: exists; give a new file, so that nothing reviewed is overwritten")
    write_whole(out, draft(_rows(data, config, on_read)))


def diff(data: Path, config: Config, schema: Path, on_read: OnRead) -> tuple[list[Change], str]:
    """What accepting the data would change and which rows ask for it, and the same as a diff."""
    text = read_schema(schema)
    found = changes(text, _rows(data, config, on_read))
    return found, unified_diff(text, found, schema.name)


def accept(
    data: Path,
    config: Config,
    schema: Path,
    features: Sequence[str],
    on_read: OnRead,
    before_writing: Callable[[frozenset[str]], None] = lambda _: None,
) -> frozenset[str]:
    """Writes what the data need of these features into the schema's file, and nothing else.

    Args:
        before_writing: is told the features that need a change, where any does.

    Returns:
        Those features that needed a change.

    Raises:
        UserError: a feature is unknown, or the file cannot be read or written.
    """
    text = read_schema(schema)
    found = {change.feature: change for change in changes(text, _rows(data, config, on_read))}
    known = {feature.name for feature in parse(text).feature}
    unknown = [name for name in features if name not in found and name not in known]
    if unknown:
        acceptable = ", ".join(found) or "nothing; the data need no change"
        raise UserError(f"no such feature: {', '.join(unknown)}; what can be accepted: {acceptable}")
    accepted = frozenset(features) & found.keys()
    after = text
    for name in features:
        if name in accepted:
            after = with_feature(after, found[name].new)
    if accepted:
        before_writing(accepted)
        write_whole(schema, after)
    return accepted


def _rows(data: Path, config: Config, on_read: OnRead) -> pa.Table:
    read = read_folder(data, config.data, review_period=config.windows.review_period)
    rows, report = read.rows, read.report
    on_read(report)
    return rows


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
