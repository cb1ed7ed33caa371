"""Training runs, and what is around them."""

from __future__ import annotations

import getpass
import json
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from contracts.errors import UserError
from pipeline.cli.logs import read_collector
from pipeline.cli.options import (
    BecauseOption,
    ConfigOption,
    DataOption,
    TrainAsOfOption,
    WorkspaceOption,
    parse_finite,
    parse_path,
    read_config,
)
from pipeline.cli.output.terminal import terminal
from pipeline.cli.sharing.telling import share
from pipeline.workspace import Workspace


def sample_data(
    out: Annotated[Path, typer.Argument(help="Folder to write into; must be empty or new.")],
    stores: Annotated[int, typer.Option(min=1)] = 4,
    products: Annotated[int, typer.Option(min=1)] = 60,
    periods: Annotated[
        int | None,
        typer.Option(min=1, max=10_000, help="Days, or weeks with --frequency W; two years unless given."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 7,
    frequency: Annotated[Literal["D", "W"], typer.Option(help="D: daily rows; W: weekly.")] = "D",
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The last day with sales, or of the last week; yesterday unless given."
        ),
    ] = None,
) -> None:
    """Write a made-up retailer's files, and the true demand beside them."""
    from pipeline.sample_data.files import PERIODS, start_until, write_sample_data

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: is not an empty folder; give a new one, so that nothing is overwritten")
    periods = PERIODS[frequency] if periods is None else periods
    # A made-up retailer of the past would have every dashboard open on nothing.
    last = until.date() if until else datetime.now().astimezone().date() - timedelta(1)
    try:
        start = start_until(last, periods, frequency)
    except OverflowError as error:
        raise UserError(
            f"--until {last}: {periods:,} periods do not fit before it; give a later date"
        ) from error
    write_sample_data(
        out, stores=stores, products=products, periods=periods, seed=seed, frequency=frequency, start=start
    )
    typer.echo(f"wrote {stores * products:,} series of {periods:,} periods to {out}")


def run(
    data: DataOption,
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    as_of: TrainAsOfOption = None,
    quarantine: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            callback=parse_finite,
            help="Set bad rows aside while they are at most this share of a file.",
        ),
    ] = None,
    re_baseline: Annotated[
        bool, typer.Option("--re-baseline", help="Judge without the pair that serves now; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; recorded with the verdict.")] = "",
    because: BecauseOption = "",
) -> None:
    """Train both models on a folder of data, judge them, and push those that are blessed."""
    if re_baseline != bool(reason.strip()):
        raise UserError(
            "--re-baseline and --reason TEXT go together: a baseline is given up for a recorded reason"
        )
    loaded = read_config(config, data, quarantine=quarantine, as_of=as_of)
    from pipeline.cli.output.closing import print_ending
    from pipeline.cli.output.progress import Progress
    from pipeline.running.run import run_training

    place, console = Workspace(workspace.resolve()), terminal()
    say = partial(console.print, soft_wrap=True)
    with Progress(console) as progress:
        ending = run_training(
            data,
            place,
            loaded,
            say,
            progress,
            reason.strip(),
            read_collector(),
            because.strip(),
            getpass.getuser(),
        )
    print_ending(console, ending, place)
    share(place, ending.summary.run_id)
    raise typer.Exit(ending.exit_code)


def windows(
    data: DataOption,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", parser=parse_path, help="Folder to write into; must be empty or new."),
    ],
    config: ConfigOption = None,
) -> None:
    """Cut a folder of data into window files, for the models' own train, predict and evaluate."""
    loaded = read_config(config)
    from pipeline.cli.output.notes import reading
    from pipeline.orders.windows import write_windows

    counts = write_windows(data, out, loaded, reading(terminal()))
    listed = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    typer.echo(f"wrote windows to {out}: {listed}")


def status(
    workspace: WorkspaceOption,
    as_json: Annotated[bool, typer.Option("--json", help="Print the runs as JSON, for programs.")] = False,
) -> None:
    """Show the past runs of a workspace, from ML Metadata."""
    from pipeline.cli.output.status import print_status
    from pipeline.reporting.status import past_runs
    from serving.directory.layout import read_state

    place = Workspace(workspace.resolve())
    if as_json:
        typer.echo(json.dumps(past_runs(place), indent=1, default=str))
    else:
        print_status(past_runs(place), read_state(place.serving), terminal())


def report(
    workspace: WorkspaceOption,
    run_id: Annotated[str | None, typer.Option("--run", help="Id of the run; the newest, if unset.")] = None,
) -> None:
    """Write the page of a past run again, from ML Metadata and its artifacts."""
    from pipeline.reporting.writing import write_past_report

    typer.echo(f"wrote {write_past_report(Workspace(workspace.resolve()), run_id)}")
