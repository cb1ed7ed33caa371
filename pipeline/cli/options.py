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


_DATA = typer.Option("--data", "-d", parser=parse_path, help="Folder with sales_data and the optional files.")
DataOption = Annotated[Path, _DATA]
OptionalDataOption = Annotated[Path | None, _DATA]
WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", "-w", parser=parse_path, help="Folder of artifacts, metadata and models."),
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", parser=parse_path, help="YAML configuration; see docs.")
]
RunOption = Annotated[str, typer.Option("--run", help="Id of the run, such as 20260307T020000Z-1a2b.")]
ExplainOption = Annotated[
    bool, typer.Option("--explain", help="Print everything that was weighed, each figure beside its bound.")
]
DecisionAsJsonOption = Annotated[bool, typer.Option("--json", help="Print the decision as one line of JSON.")]
PlanningRunOption = Annotated[
    str | None,
    typer.Option("--run", help="Id of the planning run that asks; asked again, it gets the same answer."),
]
BecauseOption = Annotated[
    str,
    typer.Option("--because", callback=parse_text, help="Why it runs; on its page and in its summary."),
]
TrainAsOfOption = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Train as if this were the last date.")
]


def read_config(
    file: Path | None, folder: Path | None = None, as_of: datetime | None = None, **settings: Any
) -> Config:
    """The configuration, before anything is imported that takes seconds.

    Args:
        file: YAML; None: the defaults.
        folder: of data, which has to be one.
        as_of: the last date that counts, as it was given on the command line; None where it was not.
        settings: others of ``data``; the same.

    Raises:
        UserError: one of them cannot be used.
    """
    from pipeline.config import load_config

    config = load_config(file)
    settings["as_of"] = as_of.date() if as_of else None
    if given := {name: value for name, value in settings.items() if value is not None}:
        try:
            data = type(config.data).model_validate(config.data.model_dump() | given)
        except ValueError as error:
            named = ", ".join(f"--{name} {value}" for name, value in given.items())
            raise UserError(f"{named}: {error}") from error
        config = config.model_copy(update={"data": data})
    if folder is not None:
        from components.example_generation.reading.listing import require_folder

        require_folder(folder)
    return config
