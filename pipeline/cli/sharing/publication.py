"""The object store that what serves is published to, and pulled from."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contracts.errors import UserError
from contracts.exit_codes import ExitCode
from pipeline.cli.logs import logged, read_collector
from pipeline.cli.options import ConfigOption, WorkspaceOption, parse_finite, parse_path, read_config
from pipeline.cli.output.terminal import terminal
from pipeline.publication.choice import has_publication
from pipeline.workspace import Workspace, new_run_id

if TYPE_CHECKING:
    from serving.objects.following import Follower
    from serving.objects.options import PublicationOptions

EndpointOption = Annotated[
    str | None,
    typer.Option(help="Address of a store other than Amazon's, such as https://objects.example.com."),
]
RegionOption = Annotated[str | None, typer.Option(help="Region of the bucket.")]
AuthorityOption = Annotated[
    Path | None,
    typer.Option(parser=parse_path, help="PEM file of who signed the endpoint's certificate."),
]


def _given(config: Path | None) -> PublicationOptions | None:
    return read_config(config).publication if config else None


def publish_change(workspace: Workspace, run_id: str | None = None) -> bool:
    """Publishes what a command has just done, where the workspace is published, and prints what is to be said.

    Args:
        run_id: of the run whose lines these belong to.

    Returns:
        Whether the object store shows it; true where there is none.
    """
    if not has_publication(workspace):
        return True
    from pipeline.publication.commands import publish_after

    with logged(workspace, "publication", run_id):
        outcome = publish_after(workspace)
    for sentence in outcome.said:
        terminal().print(sentence, soft_wrap=True)
    return outcome.shown


def sync(
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    again: Annotated[
        bool, typer.Option("--again", help="Upload the pairs once more, in the place of damaged ones.")
    ] = False,
) -> None:
    """Publish what serves, and remove what killed publications left; without --config to the store of the last run."""
    from pipeline.publication import commands

    place, given = Workspace(workspace.resolve()), _given(config)
    with logged(place, "publication-sync"):
        published, said = commands.sync(place, given, again=again)
    for sentence in said:
        terminal().print(sentence, soft_wrap=True)
    raise typer.Exit(ExitCode.SUCCESS if published.ours else ExitCode.FAILURE)


def show(
    workspace: WorkspaceOption,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show what the object store shows, and whether it is what serves here; changes nothing."""
    from pipeline.cli.output.versions import print_publication
    from pipeline.publication import commands

    found = commands.show(Workspace(workspace.resolve()), _given(config))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        print_publication(found, terminal())


def follower_of(
    workspace: Workspace, source: str, endpoint: str | None, region: str | None, authority: Path | None
) -> Follower:
    """What has a workspace follow an object store; asks nothing yet.

    Raises:
        UserError: the address or a setting cannot be used, or the workspace is one that publishes.
    """
    from pydantic import ValidationError

    from serving.objects.following import Follower
    from serving.objects.options import StoreOptions
    from serving.objects.store import ObjectStore

    if has_publication(workspace):
        raise UserError(
            f"{workspace.root}: is published to an object store itself; give another --workspace to what follows one"
        )
    try:
        options = StoreOptions(
            address=source, endpoint=endpoint, region=region, certificate_authority=authority
        )
    except ValidationError as error:
        names = {"address": "--source", "endpoint": "--endpoint", "region": "--region"}
        first = error.errors()[0]
        raise UserError(
            f"{names[str(first['loc'][0])]}: {first['msg'].removeprefix('Value error, ')}"
        ) from None
    return Follower(workspace.serving, ObjectStore(options))


def pull(
    workspace: WorkspaceOption,
    source: Annotated[str, typer.Option("--source", help="What was published, such as s3://bucket/prefix.")],
    endpoint: EndpointOption = None,
    region: RegionOption = None,
    certificate_authority: AuthorityOption = None,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.05, max=86_400, callback=parse_finite, help="Go on, with so many seconds between two looks."
        ),
    ] = None,
) -> None:
    """Have this workspace show what an object store does, for TensorFlow Serving; 'serve --source' does so itself."""
    from pipeline.telemetry.logs import Logs

    place = Workspace(workspace.resolve())
    follower = follower_of(place, source, endpoint, region, certificate_authority)
    place.create()
    with Logs(new_run_id(), None, read_collector()).command("pull", readable=sys.stderr):
        while True:
            state = follower.look() if every is None else follower.refresh()
            if state is not None:
                canary = f", canary {state.canary}" if state.canary is not None else ""
                typer.echo(f"pulled: pair {state.stable} serves{canary}")
            if every is None:
                break
            time.sleep(follower.pause(every))
    if state is None:
        typer.echo("nothing to do: what the store shows serves already")
