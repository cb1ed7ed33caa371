"""The tokens of the prediction service."""

from __future__ import annotations

import getpass
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from contracts.errors import UserError
from pipeline.cli.options import parse_path
from pipeline.cli.output.tables import print_table
from pipeline.cli.output.terminal import terminal

FileOption = Annotated[
    Path, typer.Option("--file", "-f", parser=parse_path, help="File of tokens, as for 'serve --token-file'.")
]
NameOption = Annotated[str, typer.Option("--name", help="Whose token it is, such as till or prometheus.")]


def create(
    file: FileOption,
    name: NameOption,
    scope: Annotated[
        list[str],
        typer.Option(
            help="predict: models, their status and metadata; metrics: for Prometheus. May be repeated."
        ),
    ],
    expires: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="From the beginning of this date on, UTC, it does not count any more; until it is revoked, if unset.",
        ),
    ] = None,
) -> None:
    """Make a token, keep its hash, and print it, this once; a second one of the same name counts beside the first."""
    from pydantic import ValidationError

    from serving.service.token_file import create as create_token
    from serving.service.tokens import shown

    now = datetime.now().astimezone()
    end = expires.replace(tzinfo=timezone.utc) if expires else None
    try:
        text, made, gone = create_token(file, name, scope, getpass.getuser(), now, end)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"--{str(first['loc'][0]).rstrip('s')} {first['input']}: {first['msg']}") from None
    typer.echo(text)
    counts = f", until {shown(made.expires_at)}" if made.expires_at else ""
    notes = terminal(stderr=True)
    notes.print(
        f"token {made.number} of {made.name} for {' and '.join(made.scopes)}{counts}; it is shown this once, {file} "
        "keeps its hash. Services that read the file take it up by themselves",
        soft_wrap=True,
    )
    for token in gone:
        notes.print(f"{token.number} of {token.name} was over, and was taken out", soft_wrap=True)


def list_(
    file: FileOption,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show whose tokens a file has, what they are for, since when, by whom and until when; never the tokens."""
    from serving.service.token_file import read
    from serving.service.tokens import shown

    tokens, now = read(file), datetime.now(timezone.utc)
    if as_json:
        listed = [
            {
                "id": token.number,
                **token.model_dump(mode="json", exclude={"sha256"}),
                "over": token.is_over(now),
            }
            for token in tokens
        ]
        typer.echo(json.dumps(listed, indent=1))
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("name", "id", "scopes", "created", "by", "until"):
        table.add_column(column, no_wrap=True)
    for token in tokens:
        created = f"{token.created_at.astimezone():%Y-%m-%d %H:%M}"
        until = shown(token.expires_at) if token.expires_at else "revoked"
        until += ", is over" if token.is_over(now) else ""
        table.add_row(token.name, token.number, ", ".join(token.scopes), created, token.created_by, until)
    print_table(terminal(), table)


def revoke(
    file: FileOption,
    name: NameOption,
    number: Annotated[
        str | None, typer.Option("--id", help="Which one, where the name has two; 'token list' shows it.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of this name.")] = False,
) -> None:
    """Take a token out of a file; services that read it refuse it from their next look on."""
    from serving.service.token_file import revoke as revoke_tokens

    for token in revoke_tokens(file, name, number, every):
        typer.echo(f"revoked {token.number} of {token.name}")
