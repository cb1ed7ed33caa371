"""The serving directory and the prediction service."""

from __future__ import annotations

import getpass
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import UserError
from contracts.exit_codes import ExitCode
from pipeline.cli.logs import logged, read_collector
from pipeline.cli.options import WorkspaceOption, parse_finite, parse_path
from pipeline.cli.output.terminal import terminal
from pipeline.cli.rights.audit import tell_audit
from pipeline.cli.sharing.publication import (
    AuthorityOption,
    EndpointOption,
    RegionOption,
    follower_of,
    publish_change,
)
from pipeline.cli.sharing.telling import share
from pipeline.operations.ports import SERVING
from pipeline.workspace import Workspace, new_run_id

if TYPE_CHECKING:
    from serving.service.certificate import Certificate

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; recorded in the directory's history.")]


def _tell(workspace: Workspace) -> None:
    """Tells of a change; ends the command where services elsewhere do not come to know: who asked for it is there."""
    tell_audit(workspace)
    if not share(workspace):
        raise typer.Exit(ExitCode.FAILURE)


def versions(
    workspace: WorkspaceOption,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the pairs that are kept: which serves, how old, how good, from which data, and what was done to them."""
    from pipeline.cli.output.versions import print_versions
    from pipeline.operations.versions import described

    found = described(Workspace(workspace.resolve()), datetime.now().astimezone())
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        print_versions(found, terminal())


def rollback(
    workspace: WorkspaceOption,
    to: Annotated[
        int | None, typer.Option("--to", help="A kept version; the one that served before, if unset.")
    ] = None,
    reason: ReasonOption = "",
) -> None:
    """Let an earlier pair serve again; later ones are withdrawn until they are asked for with --to."""
    from pipeline.cli.output.versions import print_change
    from serving.directory.switching import roll_back

    place = Workspace(workspace.resolve())
    with logged(place, "rollback"):
        changed = roll_back(place.serving, to, getpass.getuser(), reason)
    print_change(*changed, terminal())
    _tell(place)


def promote(workspace: WorkspaceOption, reason: ReasonOption = "") -> None:
    """Make the canary the stable pair."""
    from pipeline.cli.output.versions import print_change
    from serving.directory.switching import promote as promote_canary

    place = Workspace(workspace.resolve())
    with logged(place, "promote"):
        changed = promote_canary(place.serving, getpass.getuser(), reason)
    print_change(*changed, terminal())
    _tell(place)


def take(
    workspace: WorkspaceOption,
    source: Annotated[Path, typer.Option("--source", parser=parse_path, help="Workspace that has the pair.")],
    version: Annotated[
        int | None, typer.Option("--version", help="That is kept there; the one that serves there, if unset.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Versions that stay here; as a run keeps, if unset.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only see whether it can be taken; prints its version.")
    ] = False,
    reason: ReasonOption = "",
) -> None:
    """Let a pair of another workspace serve from this one, under its number; deploy_model.sh does so on other hosts."""
    from serving.directory.taking import take as take_pair
    from serving.directory.taking import takeable

    other = Workspace(source.resolve()).serving
    wanted = takeable(other, version)
    if check:
        typer.echo(wanted)
        return
    from pipeline.cli.output.versions import print_change
    from serving.options import ServingOptions

    place = Workspace(workspace.resolve())
    place.create()
    with logged(place, "take"):
        kept = ServingOptions().keep if keep is None else keep
        changed = take_pair(place.serving, other, wanted, keep=kept, by=getpass.getuser(), reason=reason)
    print_change(*changed, terminal())
    tell_audit(place)
    if not publish_change(place):
        raise typer.Exit(ExitCode.FAILURE)


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
    from pipeline.cli.output.tensorflow_serving import print_start
    from pipeline.operations.serve_config import write_serve_config

    place = Workspace(workspace.resolve())
    folder, seen_as = write_serve_config(place, base_path, getpass.getuser())
    print_start(folder, place.serving, seen_as, terminal())
    tell_audit(place)


def serve(
    workspace: WorkspaceOption,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = SERVING.number,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with what callers must send: of 'token create', or one token in plain text. Needed on any "
            "address but loopback; read anew when it changes."
        ),
    ] = None,
    tls_certificate: Annotated[
        Path | None,
        typer.Option(
            parser=parse_path,
            help="File with the service's certificate and those up to its authority, PEM: it is reached by https "
            "alone then; read anew when it changes.",
        ),
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(parser=parse_path, help="File with the certificate's key, PEM.")
    ] = None,
    poll_seconds: Annotated[
        float,
        typer.Option(
            min=0.05,
            max=86_400,
            callback=parse_finite,
            help="Between two looks at directory, tokens, certificate.",
        ),
    ] = 2.0,
    threads: Annotated[int, typer.Option(min=1, max=256, help="Requests that are computed at once.")] = 2,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="What was published to an object store, such as s3://bucket/prefix: it is pulled into the workspace, "
            "which follows it from then on.",
        ),
    ] = None,
    endpoint: EndpointOption = None,
    region: RegionOption = None,
    certificate_authority: AuthorityOption = None,
) -> None:
    """Answer TensorFlow Serving's REST predict API from the pushed pair, until stopped."""
    from serving.service.guard import Guard
    from serving.service.tokens import require_for

    require_for(host, token_file)
    guard = Guard(token_file) if token_file else None
    certificate = _certificate(tls_certificate, tls_key)
    place, follower = Workspace(workspace.resolve()), None
    if source is not None:
        follower = follower_of(place, source, endpoint, region, certificate_authority)
        place.create()
    from pipeline.operations.serve import serve_pair
    from pipeline.telemetry.logs import Logs

    with Logs(new_run_id(), None, read_collector()).command("serve", readable=sys.stderr):
        serve_pair(place, host, port, guard, certificate, poll_seconds, threads, typer.echo, follower)


def _certificate(certificate: Path | None, key: Path | None) -> Certificate | None:
    if (certificate is None) != (key is None):
        raise UserError("--tls-certificate and --tls-key go together; give both, or neither")
    if certificate is None or key is None:
        return None
    from serving.service.certificate import Certificate

    return Certificate(certificate, key)
