"""Which object store a workspace is published to: that of its last run's or sync's configuration, remembered."""

from __future__ import annotations

from pydantic import ValidationError

from contracts.durable import replace_file
from contracts.errors import UserError
from pipeline.workspace import Workspace
from serving.objects.options import PublicationOptions

_SETTINGS = "settings.json"


def remember(workspace: Workspace, options: PublicationOptions) -> str:
    """Has roll-backs and promotions be published there too, or nowhere where the options name no address.

    Returns:
        What is to be said, where nothing is published any more from now on; empty otherwise.
    """
    file = workspace.publication / _SETTINGS
    if options.address is None:
        if not file.exists():
            return ""
        file.unlink()
        return (
            "nothing is published to the object store any more: this configuration names no publication.address; what "
            "was shown there is shown on"
        )
    workspace.publication.mkdir(parents=True, exist_ok=True)
    replace_file(file, options.model_dump_json(indent=1) + "\n")
    return ""


def has_publication(workspace: Workspace) -> bool:
    """Whether a store is remembered."""
    return (workspace.publication / _SETTINGS).exists()


def chosen(workspace: Workspace, given: PublicationOptions | None = None) -> PublicationOptions:
    """The store that a configuration names, or the one that is remembered.

    Raises:
        UserError: there is none, or what was remembered cannot be read.
    """
    options = given or _remembered(workspace)
    if options is None or options.address is None:
        raise UserError(
            "no object store is set; name it in the configuration, 'publication: {address: s3://bucket/prefix}', and "
            "give that file to --config"
        )
    return options


def _remembered(workspace: Workspace) -> PublicationOptions | None:
    file = workspace.publication / _SETTINGS
    try:
        return PublicationOptions.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise UserError(
            f"{file}: cannot be read; call 'retail-inventory publication sync --config FILE', which writes it anew"
        ) from error
