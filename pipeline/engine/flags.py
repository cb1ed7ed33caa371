"""Beam's options as they are handed on: a list of texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def value_of(arguments: Sequence[str], name: str) -> str | None:
    """The value of one of Beam's options; None where it is not given."""
    start = f"--{name}="
    return next((given[len(start) :] for given in reversed(arguments) if given.startswith(start)), None)


def with_variables(arguments: Sequence[str], variables: Mapping[str, str]) -> list[str]:
    """The same options, with environment variables for the workers that they have started."""
    if value_of(arguments, "environment_type") != "PROCESS":
        return list(arguments)
    started = json.loads(value_of(arguments, "environment_config") or "{}")
    started["env"] = {**started.get("env", {}), **variables}
    return [*arguments, f"--environment_config={json.dumps(started)}"]
