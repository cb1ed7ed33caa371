"""How one node of a run ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contracts.errors import Problem


@dataclass
class NodeResult:
    """How one node ended.

    Attributes:
        node: its id.
        state: ``waiting``, ``running``, ``ran``, ``cached``, ``refused``, ``failed`` or ``skipped``.
        seconds: wall time.
        peak_mib: largest resident memory of its process, MiB.
        reason: what stopped it, empty where nothing did.
        by_user: whether what stopped it is for the user to change, so that trying again is no help.
        problems: the data's faults, where it refused them.
        checks: of the data gate that refused them, as JSON holds them.
        log: where its output went.
    """

    node: str
    state: str = "waiting"
    seconds: float = 0.0
    peak_mib: int = 0
    reason: str = ""
    by_user: bool = False
    problems: list[Problem] = field(default_factory=list)
    checks: list[dict[str, Any]] = field(default_factory=list)
    log: Path | None = None

    def take(self, report: Mapping[str, Any]) -> None:
        """Fills in what a node's process reported."""
        self.state, self.reason = report["state"], report["reason"]
        self.by_user = report.get("by_user", False)
        self.problems = [Problem.from_fields(fields) for fields in report["problems"]]
        self.checks = report.get("checks", [])
        self.seconds = report.get("seconds", 0.0)

    @property
    def ended_well(self) -> bool:
        return self.state in ("ran", "cached")
