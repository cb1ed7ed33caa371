"""Review of the schema of the rows."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from contracts.exit_codes import ExitCode
from pipeline.cli.options import ConfigOption, DataOption, parse_path, parse_text, read_config
from pipeline.cli.output.terminal import terminal
from pipeline.workspace import Workspace

SchemaOption = Annotated[
    Path | None,
    typer.Option(
        "--schema", parser=parse_path, help="The schema's file; schema_file of the configuration, if unset."
    ),
]


def infer(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", "-o", parser=parse_path, help="File to write; must be new.")],
    config: ConfigOption = None,
) -> None:
    """Write a first draft of a schema from a folder of data."""
    loaded = read_config(config)
    from pipeline.cli.output.notes import reading
    from pipeline.schema_review import editing

    editing.infer(data, loaded, out, reading(terminal()))
    typer.echo(f"wrote {out}; review it, then name it as schema_file in the configuration")


def diff(
    data: DataOption,
    schema: SchemaOption = None,
    config: ConfigOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where something differs.")
    ] = False,
) -> None:
    """Show what accepting a folder of data would change in the schema, and which rows ask for it."""
    loaded = read_config(config)
    from pipeline.cli.output.notes import reading
    from pipeline.cli.output.schema_changes import print_changes
    from pipeline.schema_review import editing
    from schema import ROWS

    file, console = schema or loaded.schema_file or ROWS, terminal()
    found, text = editing.diff(data, loaded, file, reading(console))
    print_changes(found, text, file, console)
    if found and exit_code:
        raise typer.Exit(ExitCode.FAILURE)


def accept(
    features: Annotated[list[str], typer.Argument(help="Names of the features.")],
    data: DataOption,
    schema: SchemaOption = None,
    config: ConfigOption = None,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", parser=parse_path, help="Keep it in the audit trail of this one."),
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", callback=parse_text, help="Why; kept in the audit trail.")
    ] = "",
) -> None:
    """Write what a folder of data needs of some features into the schema's file, for a commit."""
    loaded = read_config(config)
    from pipeline.cli.output.notes import reading
    from pipeline.cli.output.schema_changes import print_accepted
    from pipeline.schema_review import editing
    from schema import ROWS

    file, console = schema or loaded.schema_file or ROWS, terminal()
    if workspace is None:
        accepted = editing.accept(data, loaded, file, features, reading(console))
    else:
        from pipeline.operations.audit import schema_recorded

        place = Workspace(workspace.resolve())
        with schema_recorded(place, file.resolve(), getpass.getuser(), reason) as before_writing:
            accepted = editing.accept(data, loaded, file, features, reading(console), before_writing)
    print_accepted(features, accepted, file, console)
