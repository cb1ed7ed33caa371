"""One node of a run: its log, and how it ended."""

from __future__ import annotations

import sys

from pipeline.node_result import NodeResult


def write_log(text: str) -> None:
    """Copies a log as it stands, at once: an orchestrator shows it while the node runs."""
    sys.stdout.write(text)
    sys.stdout.flush()


def print_node(result: NodeResult) -> None:
    """What a gate refused, and the node's end."""
    for problem in result.problems:
        print(problem)
    if result.ended_well:
        print(f"{result.node} {result.state}, {result.seconds:.1f} s, {result.peak_mib} MiB")
    else:
        print(f"{result.state}: {result.reason}")
