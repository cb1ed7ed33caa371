"""The registry as commands see it: telling, comparing and following it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from contracts.errors import Failure
from contracts.models import MODELS
from pipeline.registry.choice import chosen, remember, remembered
from pipeline.registry.reading import read_experiment, read_registry, read_runs
from pipeline.registry.runs import told_runs
from pipeline.registry.server import Credentials, Server
from pipeline.registry.sides import ALIASES, Directory, asked, differences
from pipeline.registry.telling import Told, tell, telling
from pipeline.registry_options import RegistryOptions
from pipeline.workspace import Workspace
from serving.directory.layout import State, read_state
from serving.directory.switching import promote, roll_back

LOG = logging.getLogger(__name__)


def tell_after(workspace: Workspace, credentials: Callable[[], Credentials]) -> list[str]:
    """Tells the remembered registry of what was just done to the workspace; never fails, and never takes long.

    Args:
        credentials: reads them; whatever it raises is said too.

    Returns:
        What is to be said; none where all was told, or there is no registry.
    """
    try:
        options = remembered(workspace)
        if options is None:
            return []
        with telling(workspace, options.patience):
            return tell(workspace, Server(options, credentials(), options.patience), options).overruled
    except (Failure, OSError) as error:
        return [_later(workspace, error)]


def _later(workspace: Workspace, error: Exception) -> str:
    said = (
        f"the registry was not told ({error}); nothing else waits for it. Once that is mended, call "
        f"'retail-inventory registry sync --workspace {workspace.root}'"
    )
    LOG.warning("%s", said)
    return said


def sync(workspace: Workspace, credentials: Credentials, given: RegistryOptions | None) -> Told:
    """Tells the registry all that it was not told yet, however long that takes.

    Args:
        given: of a configuration; remembered from now on.

    Raises:
        UserError, SystemFault: it cannot be told; the next call goes on from there.
    """
    options = chosen(workspace, given)
    remember(workspace, options)
    with telling(workspace, None):
        return tell(workspace, Server(options, credentials), options)


def show(workspace: Workspace, credentials: Credentials, given: RegistryOptions | None) -> dict[str, Any]:
    """Both sides.

    Returns:
        ``address``; ``directory``, by alias the pair; ``registry``, by model and alias ``version`` and ``pair``;
        ``differences``, in sentences; ``runs_not_told``, ids.

    Raises:
        UserError, SystemFault: one of them cannot be read.
    """
    options = chosen(workspace, given)
    server = Server(options, credentials)
    directory, registry = Directory.read(workspace.serving), read_registry(server, options)
    experiment = read_experiment(server, options.experiment)
    there = read_runs(server, experiment) if experiment else {}
    return {
        "address": options.mlflow,
        "directory": dict(directory.aliases),
        "registry": {
            model: {
                alias: {"version": registry[model].aliases[alias], "pair": registry[model].pair(alias)}
                for alias in ALIASES
                if alias in registry[model].aliases
            }
            for model in MODELS
        },
        "differences": differences(directory, registry),
        "runs_not_told": [
            run_id for run_id in told_runs(workspace) if run_id not in there or not there[run_id].whole
        ],
    }


def follow(
    workspace: Workspace, credentials: Credentials, given: RegistryOptions | None, by: str, reason: str
) -> tuple[State, State, Told]:
    """Lets the pair serve that somebody made champion in the registry, after the checks of roll-back and promotion.

    Returns:
        The serving directory's state before and now, and what the registry was told then.

    Raises:
        UserError: it cannot serve, or what was asked for is not clear; nothing has changed then.
        SystemFault: the registry is down.
    """
    options = chosen(workspace, given)
    with telling(workspace, None):
        server = Server(options, credentials)
        target = asked(Directory.read(workspace.serving), read_registry(server, options))
        before = now = read_state(workspace.serving)
        why = f"champion in the registry{f': {reason}' if reason else ''}"
        if target is not None and target == before.canary:
            before, now = promote(workspace.serving, by, why)
        elif target is not None:
            before, now = roll_back(workspace.serving, target, by, why)
        return before, now, tell(workspace, server, options)
