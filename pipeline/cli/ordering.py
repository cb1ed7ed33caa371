"""From the pushed pair to orders: plan, predict, actuals, simulate."""

from __future__ import annotations

import getpass
import signal
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import UserError
from contracts.models import DEMAND, Model
from pipeline.cli.challenger import print_decision
from pipeline.cli.logs import logged
from pipeline.cli.options import (
    ConfigOption,
    DataOption,
    OptionalDataOption,
    WorkspaceOption,
    parse_path,
    parse_text,
    read_config,
)
from pipeline.cli.output.terminal import terminal
from pipeline.cli.sharing.telling import share
from pipeline.running.run_folder import RunFolder
from pipeline.workspace import Workspace, new_run_id

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.orders.changes.asked import Asked


def plan(
    data: DataOption,
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Plan as if this were the last date.")
    ] = None,
    overrides: Annotated[
        Path | None,
        typer.Option("--overrides", parser=parse_path, help="CSV of people's own quantities; see docs."),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="Order what is held back as out of proportion: STORE:PRODUCT, or all; or pass a failed check of "
            "the data by its name. May be given several times; recorded with your name."
        ),
    ] = None,
    run_id: Annotated[
        str | None, typer.Option("--run", help="Id of the planning run that an orchestrator began.")
    ] = None,
    changed: Annotated[
        Path | None,
        typer.Option(
            parser=parse_path,
            help="Folder that files of new sales and stock are dropped into, such as "
            "20260307T1015-sales_data.csv; what they touch is planned again.",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="With --changed: go on planning what comes, until SIGTERM.")
    ] = False,
) -> None:
    """Forecast every store and product with the pushed pair, and write what to order."""
    if follow and changed is None:
        raise UserError("--follow: give the folder of new files with --changed")
    loaded = read_config(config, data, as_of=as_of)
    from pipeline.cli.output.notes import reading
    from pipeline.cli.output.plan import print_plan
    from pipeline.orders.plan import make_plan
    from pipeline.orders.planning.holding import Accepted

    accepted = Accepted(tuple(accept or ()), getpass.getuser() if accept else "")
    place, console = Workspace(workspace.resolve()), terminal()
    planning_id = RunFolder(place, run_id or new_run_id()).run_id
    if changed is not None:
        from pipeline.orders.changes.asked import Asked
        from pipeline.running.code_stamp import code_stamp

        asked = Asked(data.resolve(), place, loaded, changed.resolve(), code_stamp(), overrides, accepted)
        with logged(place, "plan", planning_id):
            _keep_up(asked, planning_id, follow, console)
        return
    with logged(place, "plan", planning_id):
        made = make_plan(data.resolve(), place, loaded, overrides, reading(console), accepted, planning_id)
    print_plan(made, console)


def _keep_up(asked: Asked, planning_id: str, follow: bool, console: Console) -> None:
    """Plans what new files touch, once or until SIGTERM or SIGINT."""
    from pipeline.cli.output.notes import print_notes, reading
    from pipeline.cli.output.plan import print_kept_up, print_refused
    from pipeline.orders.changes.planner import opened_planner

    stop = Event()
    if follow:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    with opened_planner(asked, reading(console)) as planner:
        if strangers := planner.strangers():
            print_notes(
                [f"neither sales nor stock by their names, and not read: {', '.join(strangers)}"], console
            )
        if follow:
            planner.follow(
                stop, lambda made: print_kept_up(made, console), lambda error: print_refused(error, console)
            )
        else:
            print_kept_up(planner.keep_up(planning_id), console)


def actuals(
    data: DataOption,
    workspace: WorkspaceOption,
    config: ConfigOption = None,
) -> None:
    """Score earlier forecasts and orders against the sales that have come since."""
    loaded = read_config(config, data)
    from pipeline.cli.output.notes import print_notes, reading
    from pipeline.cli.output.realised import print_beside, print_realised, print_watched
    from pipeline.orders.actuals import take_up_actuals

    place, console = Workspace(workspace.resolve()), terminal()
    with logged(place, "actuals"):
        found, beside, watched, notes = take_up_actuals(data.resolve(), place, loaded, reading(console))
        rolled_back = None
        if beside is not None and loaded.promotion.canary_stores:
            from pipeline.operations.promotion.weighing import weigh

            # Here, so that no plan after these sales orders by what they speak against.
            now = datetime.now().astimezone()
            rolled_back = weigh(place, loaded, now, "actuals", roll_back_only=True).decision
    print_notes(notes, console)
    print_realised(found, console)
    print_beside(beside, console)
    print_watched(watched, console)
    if rolled_back is not None:
        print_decision(rolled_back)
        share(place)


def simulate(
    data: DataOption,
    workspace: WorkspaceOption,
    config: ConfigOption = None,
) -> None:
    """Simulate the pushed pair and the classical policies over the newest periods of a folder of data."""
    loaded = read_config(config, data)
    from pipeline.cli.output.notes import print_notes, reading
    from pipeline.cli.output.simulation import print_simulation
    from pipeline.orders.simulate import simulate_pair, write_simulation

    place, console = Workspace(workspace.resolve()), terminal()
    found, notes = simulate_pair(data.resolve(), place, loaded, reading(console))
    print_notes(notes, console)
    print_simulation(found, console)
    console.print(f"figures: {write_simulation(found, place)}", soft_wrap=True)


def predict(
    workspace: WorkspaceOption,
    data: OptionalDataOption = None,
    config: ConfigOption = None,
    store: Annotated[
        str | None, typer.Option(callback=parse_text, help="Forecast and explain one item: its store ...")
    ] = None,
    product: Annotated[str | None, typer.Option(callback=parse_text, help="... and its product.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", parser=parse_path, help="Write all forecasts: a .csv or .parquet."),
    ] = None,
    instances: Annotated[
        Path | None, typer.Option(help="Answer a request of TensorFlow Serving's REST form from a file.")
    ] = None,
    model: Annotated[Model, typer.Option(help="Of --instances.")] = DEMAND,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Forecast as if this were the last date.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="A kept pair; the stable one, if unset.")] = None,
) -> None:
    """Ask the pushed pair: for one item with an explanation, for all items into a file, or as the service is asked."""
    wanted = [bool(store and product and not out), bool(out and not store and not product), bool(instances)]
    if sum(wanted) != 1 or (instances is None) == (data is None):
        raise UserError("give --data with --store and --product, or --data with --out, or --instances")

    place, console = Workspace(workspace.resolve()), terminal()
    if instances is not None:
        from pipeline.orders.predict import predict_instances

        typer.echo(predict_instances(instances, place, model, version))
        return
    assert data is not None
    loaded = read_config(config, data, as_of=as_of)
    if out is not None:
        from pipeline.cli.output.notes import print_notes, reading
        from pipeline.orders.predict import predict_all

        count, notes = predict_all(data.resolve(), place, loaded, version, out, reading(console))
        print_notes(notes, console)
        typer.echo(f"wrote {count:,} forecasts to {out}")
        return
    assert store is not None and product is not None
    from pipeline.cli.output.notes import reading
    from pipeline.cli.output.prediction import print_prediction
    from pipeline.orders.predict import predict_item

    made = predict_item(data.resolve(), place, loaded, store, product, version, reading(console))
    print_prediction(made, console)
