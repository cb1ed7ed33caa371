"""The command line. Exit codes: 0 success, 1 failure, 2 wrong usage, 3 a gate refused the data or a model."""

from __future__ import annotations

import errno
import getpass
import json
import math
import os
import re
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from contracts.errors import DataRejected, UserError
from contracts.system import SystemFault, is_systems
from pipeline.cli.terminal import terminal
from pipeline.operations.ports import SERVING
from serving.directory.layout import ServingError

if TYPE_CHECKING:
    from pipeline.config import Config

SUCCESS, FAILURE, USAGE, REFUSED = 0, 1, 2, 3
_OF_A_PATH = frozenset(
    {
        errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY,
        errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.EXDEV, errno.ENXIO, errno.EINVAL,
    }
)  # fmt: skip
"""What a path can be the reason of: whoever gave it can give another one."""
_IN_BEAM = re.compile(r"\s*\[while running '[^']*'\]")
"""What Beam adds to the message of an exception."""

app = typer.Typer(
    name="retail-inventory",
    help="Learns demand from a retailer's own files and decides what to order.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _finite(value: float | None) -> float | None:
    """Refuses what is no number: it would pass every bound."""
    if value is not None and math.isnan(value):
        raise typer.BadParameter("nan is no number")
    return value


def _text(value: str | None) -> str | None:
    """Refuses what is no text in the terminal's encoding."""
    if value is not None and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise typer.BadParameter(f"{value!a} is no text in this terminal's encoding")
    return value


def _path(text: str | Path) -> Path:
    """Refuses an empty path, as of a variable that is not set: it would mean the folder that the call is made in."""
    if not str(text).strip():  # a default comes as it is
        raise typer.BadParameter("the path is empty; give . for this folder")
    return Path(text)


WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", "-w", parser=_path, help="Folder of artifacts, metadata and models.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", "-c", parser=_path, help="YAML configuration; see docs.")
]


@app.command("sample-data")
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
) -> None:
    """Write a made-up retailer's files, and the true demand beside them."""
    from pipeline.sample_data.files import PERIODS, write_sample_data

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out}: is not an empty folder; give a new one, so that nothing is overwritten")
    periods = PERIODS[frequency] if periods is None else periods
    write_sample_data(out, stores=stores, products=products, periods=periods, seed=seed, frequency=frequency)
    typer.echo(f"wrote {stores * products:,} series of {periods:,} periods to {out}")


@app.command()
def run(
    data: Annotated[
        Path,
        typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files."),
    ],
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Train as if this were the last date.")
    ] = None,
    quarantine: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            callback=_finite,
            help="Set bad rows aside while they are at most this share of a file.",
        ),
    ] = None,
    re_baseline: Annotated[
        bool, typer.Option("--re-baseline", help="Judge without the pair that serves now; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; recorded with the verdict.")] = "",
) -> None:
    """Train both models on a folder of data, judge them, and push those that are blessed."""
    from components.example_generation.reading.listing import require_folder
    from pipeline.config import load_config

    if re_baseline != bool(reason.strip()):
        raise UserError(
            "--re-baseline and --reason TEXT go together: a baseline is given up for a recorded reason"
        )
    # What was asked for is checked before TFX is imported, which takes seconds.
    loaded = _with_data(load_config(config), quarantine=quarantine, as_of=as_of.date() if as_of else None)
    require_folder(data)
    from pipeline.running.run import run_training

    raise typer.Exit(run_training(data, workspace, loaded, terminal(), reason.strip()))


@app.command()
def windows(
    data: Annotated[
        Path,
        typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files."),
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", parser=_path, help="Folder to write into; must be empty or new.")
    ],
    config: ConfigOption = None,
) -> None:
    """Cut a folder of data into window files, for the models' own train, predict and evaluate."""
    from pipeline.config import load_config

    loaded = load_config(config)
    from pipeline.orders.windows import write_windows

    counts = write_windows(data, out, loaded, terminal())
    listed = ", ".join(f"{count:,} {split}" for split, count in counts.items())
    typer.echo(f"wrote windows to {out}: {listed}")


@app.command()
def simulate(
    data: Annotated[
        Path,
        typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files."),
    ],
    workspace: WorkspaceOption,
    config: ConfigOption = None,
) -> None:
    """Simulate the pushed pair and the classical policies over the newest periods of a folder of data."""
    from components.example_generation.reading.listing import require_folder
    from pipeline.config import load_config

    loaded = load_config(config)
    require_folder(data)
    from pipeline.orders.simulate import print_simulation, simulate_pair, write_simulation
    from pipeline.workspace import Workspace

    place, console = Workspace(workspace.resolve()), terminal()
    found = simulate_pair(data.resolve(), place, loaded, console)
    print_simulation(found, console)
    console.print(f"figures: {write_simulation(found, place)}", soft_wrap=True)


@app.command()
def plan(
    data: Annotated[
        Path,
        typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files."),
    ],
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Plan as if this were the last date.")
    ] = None,
    overrides: Annotated[
        Path | None,
        typer.Option("--overrides", parser=_path, help="CSV of people's own quantities; see docs."),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            help="Order what is held back as out of proportion: STORE:PRODUCT, or all; or pass a failed check of "
            "the data by its name. May be given several times; recorded with your name."
        ),
    ] = None,
) -> None:
    """Forecast every store and product with the pushed pair, and write what to order."""
    from components.example_generation.reading.listing import require_folder
    from pipeline.config import load_config

    loaded = _with_data(load_config(config), as_of=as_of.date() if as_of else None)
    require_folder(data)
    from pipeline.cli.plan_output import print_plan
    from pipeline.orders.plan import make_plan
    from pipeline.orders.planning.holding import Accepted
    from pipeline.workspace import Workspace

    accepted = Accepted(tuple(accept or ()), getpass.getuser() if accept else "")
    made = make_plan(data.resolve(), Workspace(workspace.resolve()), loaded, overrides, accepted)
    print_plan(made, terminal())


@app.command()
def actuals(
    data: Annotated[
        Path,
        typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files."),
    ],
    workspace: WorkspaceOption,
    config: ConfigOption = None,
) -> None:
    """Score earlier forecasts and orders against the sales that have come since."""
    from components.example_generation.reading.listing import require_folder
    from pipeline.config import load_config

    loaded = load_config(config)
    require_folder(data)
    from pipeline.orders.actuals import print_realised, take_up_actuals
    from pipeline.workspace import Workspace

    console = terminal()
    found = take_up_actuals(data.resolve(), Workspace(workspace.resolve()), loaded, console)
    print_realised(found, console)


RunOption = Annotated[str, typer.Option("--run", help="Id of the run, such as 20260307T020000Z-1a2b.")]


@app.command("compile")
def compile_(
    data: Annotated[
        Path,
        typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files."),
    ],
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    run_id: Annotated[
        str | None, typer.Option("--run", help="Compile for this run, with the data as they are now.")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Train as if this were the last date.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Judge without the pair that serves now, and why.")] = "",
) -> None:
    """Write the pipeline for an orchestrator: its description, or with --run the compiled pipeline of one run."""
    from components.example_generation.reading.listing import require_folder
    from pipeline.config import load_config
    from pipeline.running.run_folder import RunFolder
    from pipeline.workspace import Workspace

    loaded = _with_data(load_config(config), as_of=as_of.date() if as_of else None)
    require_folder(data)
    place = Workspace(workspace.resolve())
    run_folder = RunFolder(place, run_id) if run_id else None
    from pipeline.running import orchestration

    today = datetime.now().astimezone().date()
    if run_folder is None:
        typer.echo(f"wrote {orchestration.describe(data, place, loaded, config, today)}")
    else:
        done = orchestration.begin(data, run_folder, loaded, today, reason.strip())
        typer.echo(f"{'compiled' if done else 'was compiled already:'} {run_folder.path}")


@app.command("run-node")
def run_node(
    workspace: WorkspaceOption,
    run_id: RunOption,
    node: Annotated[str, typer.Option("--node", help="Id of the node, such as Transform.")],
) -> None:
    """Run exactly one node of a compiled run; after a kill, call it again."""
    from pipeline.running.node_client import run_node_of
    from pipeline.running.run_folder import RunFolder
    from pipeline.workspace import Workspace

    raise typer.Exit(run_node_of(RunFolder(Workspace(workspace.resolve()), run_id), node))


@app.command("finish-run")
def finish_run(workspace: WorkspaceOption, run_id: RunOption, config: ConfigOption = None) -> None:
    """Write summary, page and figures of a run whose nodes have ended, and say how it ended."""
    from pipeline.config import load_config
    from pipeline.running.run_folder import RunFolder
    from pipeline.workspace import Workspace

    loaded, run_folder = load_config(config), RunFolder(Workspace(workspace.resolve()), run_id)
    from pipeline.running import orchestration

    raise typer.Exit(orchestration.end(run_folder, loaded, terminal()))


@app.command("node-server")
def node_server(workspace: WorkspaceOption) -> None:
    """Keep TFX imported for run-node, until it is stopped; without it each node imports TFX itself."""
    from pipeline.workspace import Workspace

    place = Workspace(workspace.resolve())
    place.create()
    from pipeline.running.node_server import NodeServer

    typer.echo(f"serves nodes of {place.root}")
    NodeServer(place).serve()


schema_app = typer.Typer(help="Review the schema of the rows.", no_args_is_help=True)
app.add_typer(schema_app, name="schema")
DataOption = Annotated[
    Path, typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files.")
]
SchemaOption = Annotated[
    Path | None,
    typer.Option(
        "--schema", parser=_path, help="The schema's file; schema_file of the configuration, if unset."
    ),
]


@schema_app.command()
def infer(
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", "-o", parser=_path, help="File to write; must be new.")],
    config: ConfigOption = None,
) -> None:
    """Write a first draft of a schema from a folder of data."""
    from pipeline.config import load_config

    loaded = load_config(config)
    from pipeline.schema_review import editing as schema_command

    schema_command.infer(data, loaded, out, terminal())
    typer.echo(f"wrote {out}; review it, then name it as schema_file in the configuration")


@schema_app.command()
def diff(
    data: DataOption,
    schema: SchemaOption = None,
    config: ConfigOption = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 where something differs.")
    ] = False,
) -> None:
    """Show what accepting a folder of data would change in the schema, and which rows ask for it."""
    from pipeline.config import load_config

    loaded = load_config(config)
    from pipeline.schema_review import editing as schema_command
    from schema import ROWS

    file = schema or loaded.schema_file or ROWS
    if schema_command.diff(data, loaded, file, terminal()) and exit_code:
        raise typer.Exit(FAILURE)


@schema_app.command()
def accept(
    features: Annotated[list[str], typer.Argument(help="Names of the features.")],
    data: DataOption,
    schema: SchemaOption = None,
    config: ConfigOption = None,
) -> None:
    """Write what a folder of data needs of some features into the schema's file, for a commit."""
    from pipeline.config import load_config

    loaded = load_config(config)
    from pipeline.schema_review import editing as schema_command
    from schema import ROWS

    file = schema or loaded.schema_file or ROWS
    schema_command.accept(data, loaded, file, features, terminal())


database_app = typer.Typer(help="The embedded PostgreSQL of a workspace.", no_args_is_help=True)
app.add_typer(database_app, name="database")


@database_app.command("start")
def database_start(workspace: WorkspaceOption) -> None:
    """Start the server and let it run on, for Grafana; prints how to reach it."""
    from pipeline.workspace import Workspace
    from store.connections import FILE, named
    from store.server import EmbeddedServer

    place = Workspace(workspace.resolve())
    place.create()
    connections = EmbeddedServer(place.store).stay()
    typer.echo(f"running; to read: {named(connections.reader or '')}\npasswords: {place.store / FILE}")


@database_app.command("stop")
def database_stop(workspace: WorkspaceOption) -> None:
    """Stop a server that was let run on."""
    from pipeline.workspace import Workspace
    from store.server import EmbeddedServer

    place = Workspace(workspace.resolve())
    place.create()
    typer.echo("stopped" if EmbeddedServer(place.store).stop() else "was not running")


@app.command()
def predict(
    workspace: WorkspaceOption,
    data: Annotated[
        Path | None,
        typer.Option("--data", "-d", parser=_path, help="Folder with sales_data and the optional files."),
    ] = None,
    config: ConfigOption = None,
    store: Annotated[
        str | None, typer.Option(callback=_text, help="Forecast and explain one item: its store ...")
    ] = None,
    product: Annotated[str | None, typer.Option(callback=_text, help="... and its product.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", parser=_path, help="Write all forecasts: a .csv or .parquet."),
    ] = None,
    instances: Annotated[
        Path | None, typer.Option(help="Answer a request of TensorFlow Serving's REST form from a file.")
    ] = None,
    model: Annotated[
        Literal["demand_forecasting", "replenishment_optimization"], typer.Option(help="Of --instances.")
    ] = "demand_forecasting",
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Forecast as if this were the last date.")
    ] = None,
    version: Annotated[int | None, typer.Option(help="A kept pair; the stable one, if unset.")] = None,
) -> None:
    """Ask the pushed pair: for one item with an explanation, for all items into a file, or as the service is asked."""
    wanted = [bool(store and product and not out), bool(out and not store and not product), bool(instances)]
    if sum(wanted) != 1 or (instances is None) == (data is None):
        raise UserError("give --data with --store and --product, or --data with --out, or --instances")
    from pipeline.workspace import Workspace

    place = Workspace(workspace.resolve())
    if instances is not None:
        from pipeline.orders.predict import predict_instances

        typer.echo(predict_instances(instances, place, model, version))
        return
    from components.example_generation.reading.listing import require_folder
    from pipeline.config import load_config

    assert data is not None
    loaded = _with_data(load_config(config), as_of=as_of.date() if as_of else None)
    require_folder(data)
    if out is not None:
        from pipeline.inputs.notes import print_read
        from pipeline.orders.predict import predict_all

        count, read, notes = predict_all(data.resolve(), place, loaded, version, out)
        print_read(read, terminal(), notes)
        typer.echo(f"wrote {count:,} forecasts to {out}")
        return
    assert store is not None and product is not None
    from pipeline.cli.predict_output import print_prediction
    from pipeline.orders.predict import predict_item

    made = predict_item(data.resolve(), place, loaded, store, product, version)
    print_prediction(made, terminal())


ReasonOption = Annotated[str, typer.Option("--reason", help="Why; recorded in the directory's history.")]


@app.command()
def versions(
    workspace: WorkspaceOption,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the pairs that are kept: which serves, how old, how good, from which data, and what was done to them."""
    from pipeline.operations.versions import described, print_versions
    from pipeline.workspace import Workspace

    found = described(Workspace(workspace.resolve()), datetime.now().astimezone())
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        print_versions(found, terminal())


@app.command()
def rollback(
    workspace: WorkspaceOption,
    to: Annotated[
        int | None, typer.Option("--to", help="A kept version; the one that served before, if unset.")
    ] = None,
    reason: ReasonOption = "",
) -> None:
    """Let an earlier pair serve again; later ones are withdrawn until they are asked for with --to."""
    from pipeline.operations.versions import print_change
    from pipeline.workspace import Workspace
    from serving.directory.switching import roll_back

    root = Workspace(workspace.resolve()).serving
    print_change(*roll_back(root, to, getpass.getuser(), reason), terminal())


@app.command()
def promote(workspace: WorkspaceOption, reason: ReasonOption = "") -> None:
    """Make the canary the stable pair."""
    from pipeline.operations.versions import print_change
    from pipeline.workspace import Workspace
    from serving.directory.switching import promote as promote_canary

    root = Workspace(workspace.resolve()).serving
    print_change(*promote_canary(root, getpass.getuser(), reason), terminal())


@app.command("serve-config")
def serve_config(
    workspace: WorkspaceOption,
    base_path: Annotated[
        str | None,
        typer.Option(
            help="The serving directory as the server sees it, such as /models; its path here, if unset."
        ),
    ] = None,
) -> None:
    """Write TensorFlow Serving's configuration, and requests to try it with; every later push keeps it up to date."""
    from pipeline.operations.serve_config import write_serve_config
    from pipeline.workspace import Workspace

    write_serve_config(Workspace(workspace.resolve()), base_path, getpass.getuser(), terminal())


@app.command()
def serve(
    workspace: WorkspaceOption,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = SERVING.number,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the token that callers must send; needed on any address but loopback."),
    ] = None,
    poll_seconds: Annotated[
        float,
        typer.Option(
            min=0.05, max=86_400, callback=_finite, help="Between two looks at the serving directory."
        ),
    ] = 2.0,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Requests that are computed at once.")] = 2,
) -> None:
    """Answer TensorFlow Serving's REST predict API from the pushed pair, until stopped."""
    from serving.service.tokens import read_token

    token = read_token(token_file, host)
    from pipeline.operations.serve import serve_pair
    from pipeline.workspace import Workspace

    serve_pair(Workspace(workspace.resolve()), host, port, token, poll_seconds, threads)


@app.command()
def status(workspace: WorkspaceOption) -> None:
    """Show the past runs of a workspace, from ML Metadata."""
    from pipeline.reporting.status import print_status

    print_status(workspace, terminal())


@app.command()
def report(
    workspace: WorkspaceOption,
    run_id: Annotated[str | None, typer.Option("--run", help="Id of the run; the newest, if unset.")] = None,
) -> None:
    """Write the page of a past run again, from ML Metadata and its artifacts."""
    from pipeline.reporting.writing import write_past_report
    from pipeline.workspace import Workspace

    typer.echo(f"wrote {write_past_report(Workspace(workspace.resolve()), run_id)}")


@app.command()
def doctor(workspace: WorkspaceOption = Path("workspace")) -> None:
    """Check this machine: stack, C library, memory, disk, ports and permissions."""
    from pipeline.operations.doctor import checks, print_checks

    found = checks(workspace)
    print_checks(found, terminal())
    if any(check.state == "fail" for check in found):
        raise typer.Exit(FAILURE)


def _with_data(config: Config, **settings: Any) -> Config:
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


def main() -> None:
    """Runs the command line and turns errors into messages and exit codes."""
    try:
        app()
    except KeyboardInterrupt:
        _say("stopped; what was complete is kept, and the next call goes on from there")
        sys.exit(FAILURE)
    except Exception as error:
        message, code = _told(error)
        _say(message)
        sys.exit(code)


def _told(error: Exception) -> tuple[str, int]:
    """What is said of an exception, and the exit code."""
    if isinstance(error, UserError | ServingError):
        return _IN_BEAM.sub("", str(error)), USAGE
    if isinstance(error, DataRejected):
        return str(error), REFUSED
    if isinstance(error, SystemFault):
        return str(error), FAILURE
    if is_systems(error):
        return f"{error}; see to the machine, and try again", FAILURE
    if isinstance(error, OSError) and error.filename is not None and error.errno in _OF_A_PATH:
        return (
            f"{os.fsdecode(error.filename)}: {error.strerror}; give another path, or see to this one",
            USAGE,
        )
    first = (str(error).strip().splitlines() or ["no more is known"])[0]
    return f"{type(error).__name__}: {first}. This is a fault of the program; {_logged(error)}", FAILURE


def _logged(error: Exception) -> str:
    """Where the whole of an unexpected exception is kept, for whoever mends the program."""
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="retail-inventory-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write(f"{' '.join(sys.argv)}\n\n{text}")
    except OSError as full:
        return f"where it came from could not be written down ({full.strerror})"
    return f"where it came from is in {file.name}, which a report of it should have with it"


def _say(message: str) -> None:
    terminal(stderr=True).print(f"retail-inventory: {message}", soft_wrap=True)
