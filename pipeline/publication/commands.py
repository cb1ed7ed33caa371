"""Publications as commands see them: after a change, asked for, and looked at."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.errors import Failure
from pipeline.publication.choice import chosen, remember
from pipeline.workspace import Workspace
from serving.directory.layout import read_state
from serving.objects.collecting import Collected, collect
from serving.objects.options import PublicationOptions
from serving.objects.publishing import Published, latest_change, publish
from serving.objects.pulling import described, read_shown
from serving.objects.store import ObjectStore

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of a change that was to be published: what is to be said, and whether the store shows it."""

    said: tuple[str, ...]
    shown: bool


def publish_after(workspace: Workspace) -> Outcome:
    """Publishes what was just done to the workspace, to the remembered store; never raises what a store can be at."""
    try:
        if read_state(workspace.serving).stable is None:
            return Outcome((), True)
        options = chosen(workspace)
        published, collected = _published(workspace, options)
    except (Failure, OSError) as error:
        said = (
            f"not published ({error}). Services that follow the store go on with what it shows; once that is mended, "
            f"call 'retail-inventory publication sync --workspace {workspace.root}'"
        )
        LOG.error("%s", said)
        return Outcome((said,), False)
    return Outcome(sentences(published, collected, options), published.ours)


def sync(
    workspace: Workspace, given: PublicationOptions | None, *, again: bool
) -> tuple[Published, tuple[str, ...]]:
    """Publishes what the workspace shows.

    Args:
        given: of a configuration; remembered from now on.
        again: upload the pairs once more, whether they are there or not.

    Returns:
        How it ended, and that in sentences.

    Raises:
        UserError, SystemFault: it cannot be published; what the store showed before it shows on.
    """
    options = chosen(workspace, given)
    remember(workspace, options)
    published, collected = _published(workspace, options, again=again)
    return published, sentences(published, collected, options)


def show(workspace: Workspace, given: PublicationOptions | None) -> dict[str, Any]:
    """What a store shows.

    Returns:
        ``address``; ``stable``, ``canary``, ``at``, ``action``, ``by`` and ``reason`` of the change that is shown;
        ``sequence``; ``pairs``, versions that are there; ``current``: whether it is what this workspace shows.

    Raises:
        UserError, SystemFault: it cannot be read, or nothing was published there.
    """
    options = chosen(workspace, given)
    pointer = read_shown(ObjectStore(options))
    here = read_state(workspace.serving).stable is not None and latest_change(workspace.serving)
    return {"address": options.address, **described(pointer), "current": pointer.shown == here}


def _published(
    workspace: Workspace, options: PublicationOptions, *, again: bool = False
) -> tuple[Published, Collected]:
    store, grace = ObjectStore(options), timedelta(hours=options.grace_hours)
    published = publish(workspace.serving, store, keep=options.keep, grace=grace, again=again)
    LOG.info(
        "published",
        extra={
            "stable": published.shown.stable,
            "uploaded": list(published.uploaded),
            "ours": published.ours,
        },
    )
    collected = collect(store, grace)
    if collected.removed or collected.waiting:
        LOG.info(
            "objects that nothing names",
            extra={"removed": list(collected.removed), "waiting": list(collected.waiting)},
        )
    return published, collected


def sentences(published: Published, collected: Collected, options: PublicationOptions) -> tuple[str, ...]:
    """How a publication ended, in sentences."""
    shown = published.shown
    canary = f", canary {shown.canary}" if shown.canary is not None else ""
    first = (
        f"published: {options.address} shows pair {shown.stable}{canary}"
        if published.ours
        else f"{options.address} shows pair {shown.stable}{canary} of another workspace, whose {shown.action} of "
        f"{shown.at} by {shown.by} is later; the pairs of this one are kept there"
    )
    said = [first]
    if collected.removed:
        size = f"{collected.size / 2**20:,.1f} MiB"
        said.append(f"removed from there: {len(collected.removed)} pair(s) that nothing names, {size}")
    if collected.waiting:
        said.append(
            f"left there: {len(collected.waiting)} pair(s) that nothing names, of a publication that is at work or was "
            f"killed, or no longer kept; the first publication after {options.grace_hours:g} h removes them"
        )
    return tuple(said)
