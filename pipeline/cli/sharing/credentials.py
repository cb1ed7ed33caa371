"""Who asks the registry: by MLflow's own variables, or by its own file."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.errors import UserError, cannot

if TYPE_CHECKING:
    from pipeline.registry.server import Credentials

_SECTION = "mlflow"


def read_credentials() -> Credentials:
    """MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD, or those of ~/.mlflow/credentials.

    Raises:
        UserError: the file cannot be read.
    """
    from pipeline.registry.server import Credentials

    given = {
        name: os.environ.get(f"MLFLOW_TRACKING_{name}", "") for name in ("TOKEN", "USERNAME", "PASSWORD")
    }
    if not any(given.values()):
        given |= _kept()
    return Credentials(given["USERNAME"], given["PASSWORD"], given["TOKEN"])


def _kept() -> dict[str, str]:
    path = Path.home() / ".mlflow" / "credentials"
    found = configparser.ConfigParser(interpolation=None)
    try:
        found.read_string(path.read_text())
        section = dict(found[_SECTION]) if found.has_section(_SECTION) else {}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise cannot(error, f"{path}: cannot be read", "see to it that you may read it", UserError) from error
    except (ValueError, configparser.Error):
        # The parser's message would show the line, and a password with it.
        raise UserError(
            f"{path}: is no file of credentials; it has the lines [mlflow], mlflow_tracking_username = ... and "
            "mlflow_tracking_password = ..."
        ) from None
    return {
        name: section.get(f"mlflow_tracking_{name.lower()}", "") for name in ("TOKEN", "USERNAME", "PASSWORD")
    }
