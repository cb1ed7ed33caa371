"""docs/summary.md and docs/summary.schema.json: what a run's summary.json holds, as its model declares it."""

from __future__ import annotations

import json
from typing import Any

from contracts.records.summary import Summary

_HEAD = """# summary.json

Every run, refused or not, leaves `reports/<run>/summary.json` in its workspace. Its JSON schema is
[summary.schema.json](summary.schema.json); in Python `contracts.records.summary.Summary.read` reads it. Fields in
italics may be absent.
"""


def summary_schema() -> str:
    """The JSON schema."""
    schema = Summary.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema, indent=1) + "\n"


def summary_page() -> str:
    """A table for each record, the whole first, under its place in the file."""
    schema = Summary.model_json_schema(mode="serialization")
    definitions = schema.pop("$defs")
    waiting, seen, parts = [("The whole", "", schema)], set[str](), [_HEAD]
    while waiting:
        title, place, record = waiting.pop(0)
        lines = [f"## {title}", "", record["description"], "", "| field | type | is |", "|---|---|---|"]
        inner = []
        for name, field in record["properties"].items():
            shown = f"`{name}`" if name in record.get("required", ()) else f"*`{name}`*"
            lines.append(f"| {shown} | {_kind(field)} | {field['description'].replace('``', '`')} |")
            ending, reference = _reference(field)
            if reference and reference not in seen:
                seen.add(reference)
                below = f"{place}{name}{ending}"
                inner.append((f"`{below}`", f"{below}.", definitions[reference]))
        waiting[:0] = inner
        parts.append("\n".join([*lines, ""]).replace("``", "`"))
    return "\n".join(parts)


def _reference(field: dict[str, Any]) -> tuple[str, str]:
    """How the record that a field holds, or holds many of, is reached from it, and the record's name."""
    for ending, found in (
        ("", field),
        ("[]", field.get("items", {})),
        (".<name>", field.get("additionalProperties", {})),
    ):
        if "$ref" in found:
            return ending, found["$ref"].rpartition("/")[2]
    return "", ""


def _kind(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return "object"
    if "anyOf" in field:
        return " or ".join(map(_kind, field["anyOf"]))
    if "const" in field:
        return f"`{field['const']}`"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        return f"list of {_kind(field['items'])}"
    if field["type"] == "object":
        return f"by name: {_kind(field['additionalProperties'])}"
    return str(field.get("format", field["type"]))
