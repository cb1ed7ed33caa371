"""Which registry a workspace has: the one of its last run's or sync's configuration, which is remembered."""

from __future__ import annotations

from pydantic import ValidationError

from contracts.durable import replace_file
from contracts.errors import UserError
from pipeline.registry_options import RegistryOptions
from pipeline.workspace import Workspace

_SETTINGS = "settings.json"


def remember(workspace: Workspace, options: RegistryOptions) -> None:
    """Has roll-backs and promotions tell this registry too, or none where the options name none."""
    file = workspace.registry / _SETTINGS
    if options.mlflow is None:
        file.unlink(missing_ok=True)
        return
    workspace.registry.mkdir(parents=True, exist_ok=True)
    replace_file(file, options.model_dump_json(indent=1) + "\n")


def has_registry(workspace: Workspace) -> bool:
    """Whether one is remembered."""
    return (workspace.registry / _SETTINGS).exists()


def remembered(workspace: Workspace) -> RegistryOptions | None:
    """The registry of a workspace's last run or sync; None where it had none.

    Raises:
        UserError: what was remembered cannot be read.
    """
    file = workspace.registry / _SETTINGS
    try:
        return RegistryOptions.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UserError(
            f"{file}: cannot be read; call 'retail-inventory registry sync --config FILE', which writes it anew"
        ) from error


def chosen(workspace: Workspace, given: RegistryOptions | None) -> RegistryOptions:
    """The registry that a configuration names, or the one that is remembered.

    Raises:
        UserError: there is none.
    """
    options = given or remembered(workspace)
    if options is None or options.mlflow is None:
        raise UserError(
            "no registry is set; name it in the configuration, 'registry: {mlflow: https://...}', and give that file "
            "to --config"
        )
    return options
