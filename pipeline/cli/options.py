"""Options that several commands have, and how their values are read."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contracts.errors import UserError

if TYPE_CHECKING:
    from pipeline.config import Config


def parse_finite(value: float | None) -> float | None:
    """Refuses what is no number: it would pass every bound."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is no number")
    return value


def parse_text(value: str | None) -> str | None:
    """Refuses what is no text in the terminal's encoding."""
    if value is not None and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise typer.BadParameter(f"{value!a} is no text in this terminal's encoding")
    return value


def parse_path(text: str | Path) -> Path:
    """Refuses an empty path, as of a variable that is not set: it would mean the folder that the call is made in."""
    if not str(text).strip():  # a default comes as it is
        raise typer.BadParameter("the path is empty; give . for this folder")
    return Path(text)


DataOption = Annotated[
    Path,
    typer.Option("--data", "-d", parser=parse_path, help="Folder with sales_data and the optional files."),
]
WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", "-w", parser=parse_path, help="Folder of artifacts, metadata and models."),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", parser=parse_path, help="YAML configuration; see docs.")
]
RunOption = Annotated[str, typer.Option("--run", help="Id of the run, such as 20260307T020000Z-1a2b.")]
TrainAsOfOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Train as if this were the last date.")
]


def with_data(config: Config, **settings: Any) -> Config:
    """The configuration with settings of ``data`` that were given on the command line.

    Raises:
        UserError: one of them cannot be used.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    try:
        data = type(config.data).model_validate(config.data.model_dump() | given)
    except ValueError as error:
        raise UserError(
            f"{', '.join(f'--{name} {value}' for name, value in given.items())}: {error}"
        ) from error
    return config.model_copy(update={"data": data})
