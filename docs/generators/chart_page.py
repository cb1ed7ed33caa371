"""The values of the Helm chart, as its own schema describes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "deploy" / "kubernetes" / "retail-inventory"


def values_table() -> str:
    """One row for each value that can be set, with its default.

    Raises:
        KeyError: a value has no description, or no default.
    """
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    lines = ["| value | default | is |", "|---|---|---|"]
    for name, default, part in _leaves(schema, defaults, ""):
        kind = schema["definitions"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        choices = f" ({', '.join(f'`{one}`' for one in kind['enum'])})" if "enum" in kind else ""
        lines.append(f"| `{name}` | {_shown(default)} | {kind['description']}{choices} |")
    return "\n".join(lines)


def _leaves(
    schema: Mapping[str, Any], defaults: Mapping[str, Any], prefix: str
) -> Iterator[tuple[str, Any, Mapping[str, Any]]]:
    """Name, default and schema of each value; of what a parent chart sets, nothing."""
    for name, part in schema["properties"].items():
        if not prefix and name == "global":
            continue
        if "properties" in part:
            yield from _leaves(part, defaults[name], f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", defaults[name], part


def _shown(default: Any) -> str:
    return "empty" if default in ("", [], {}) else f"`{json.dumps(default)}`"
