"""The command line. Exit codes: 0 success, 1 failure, 2 wrong usage, 3 a gate refused, 4 nothing is due."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.exit_codes import ExitCode
from pipeline.cli import (
    backup,
    challenger,
    database,
    orchestrating,
    ordering,
    retraining,
    schema,
    serving,
    training,
)
from pipeline.cli.failures import message_and_code
from pipeline.cli.options import WorkspaceOption, parse_path, read_config
from pipeline.cli.output.terminal import terminal
from pipeline.cli.rights import audit, token
from pipeline.cli.sharing import publication, registry


def doctor(
    workspace: WorkspaceOption = Path("workspace"),
    tls_certificate: Annotated[
        Path | None,
        typer.Option(
            parser=parse_path, help="The prediction service's certificate, to see until when it counts."
        ),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            parser=parse_path, help="The file of its callers' tokens, to see until when they count."
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", parser=parse_path, help="Configuration, to try the object store that it names."
        ),
    ] = None,
) -> None:
    """Check this machine: stack, C library, memory, disk, ports, permissions; certificate, tokens, object store."""
    from pipeline.cli.output.doctor import print_checks
    from pipeline.operations.check import worst
    from pipeline.operations.doctor import checks

    published = read_config(config).publication if config else None
    found = checks(workspace, tls_certificate, token_file, published)
    print_checks(found, terminal())
    if worst(found) == "fail":
        raise typer.Exit(ExitCode.FAILURE)


Commands = Mapping[str, Callable[..., Any]]

COMMANDS: Commands = {
    "sample-data": training.sample_data,
    "run": training.run,
    "windows": training.windows,
    "simulate": ordering.simulate,
    "plan": ordering.plan,
    "actuals": ordering.actuals,
    "retraining": retraining.retraining,
    "challenger": challenger.challenger,
    "compile": orchestrating.compile_,
    "run-node": orchestrating.run_node,
    "finish-run": orchestrating.finish_run,
    "finish-planning": orchestrating.finish_planning,
    "node-server": orchestrating.node_server,
    "beam-worker": orchestrating.beam_worker,
    "predict": ordering.predict,
    "versions": serving.versions,
    "rollback": serving.rollback,
    "promote": serving.promote,
    "take": serving.take,
    "serve-config": serving.serve_config,
    "serve": serving.serve,
    "pull": publication.pull,
    "backup": backup.backup,
    "restore": backup.restore,
    "audit": audit.audit,
    "status": training.status,
    "report": training.report,
    "doctor": doctor,
}
GROUPS: Mapping[str, tuple[str, Commands]] = {
    "schema": (
        "Review the schema of the rows.",
        {"infer": schema.infer, "diff": schema.diff, "accept": schema.accept},
    ),
    "database": (
        "The embedded PostgreSQL of a workspace.",
        {"start": database.start, "stop": database.stop},
    ),
    "token": (
        "The tokens of the prediction service.",
        {"create": token.create, "list": token.list_, "revoke": token.revoke},
    ),
    "registry": (
        "The MLflow server that is told of runs and pairs.",
        {"sync": registry.sync, "show": registry.show, "apply": registry.apply},
    ),
    "publication": (
        "The object store that shows what serves.",
        {"sync": publication.sync, "show": publication.show},
    ),
}


def _typer(commands: Commands, text: str, name: str | None = None) -> typer.Typer:
    made = typer.Typer(
        name=name, help=text, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )
    for command, function in commands.items():
        made.command(command)(function)
    return made


app = _typer(
    COMMANDS, "Learns demand from a retailer's own files and decides what to order.", "retail-inventory"
)
for _name, (_text, _commands) in GROUPS.items():
    app.add_typer(_typer(_commands, _text), name=_name)


def main() -> None:
    """Runs the command line and turns errors into messages and exit codes."""
    try:
        app()
    except KeyboardInterrupt:
        _say("stopped; what was complete is kept, and the next call goes on from there")
        sys.exit(ExitCode.FAILURE)
    except Exception as error:
        message, code = message_and_code(error)
        _say(message)
        sys.exit(code)


def beam_worker() -> None:
    """``retail-inventory beam-worker`` as one word: a TaskManager starts a program, and gives it options of its own."""
    sys.argv.insert(1, "beam-worker")
    main()


def _say(message: str) -> None:
    terminal(stderr=True).print(f"retail-inventory: {message}", soft_wrap=True)
