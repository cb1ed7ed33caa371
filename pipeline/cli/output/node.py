"""One node of a run: its log, and how it ended."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from contracts.errors import Problem


def write_log(text: str) -> None:
    """Copies a log as it stands, at once: an orchestrator shows it while the node runs."""
    sys.stdout.write(text)
    sys.stdout.flush()


def print_node(result: Mapping[str, Any]) -> None:
    """What a gate refused, and the node's end.

    Args:
        result: a ``NodeResult`` as JSON has it.
    """
    for fields in result.get("problems", []):
        print(Problem.from_fields(fields))
    if result["state"] in ("ran", "cached"):
        print(f"{result['node']} {result['state']}, {result['seconds']:.1f} s, {result['peak_mib']} MiB")
    else:
        print(f"{result['state']}: {result['reason']}")
