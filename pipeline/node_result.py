"""How one node of a run ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from contracts.errors import Problem
from contracts.records.checks import FeatureCheck


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
        checks: of the data gate that refused them.
        log: where its output went.
        began: when, seconds since 1970; 0 where it did not.
    """

    node: str
    state: str = "waiting"
    seconds: float = 0.0
    peak_mib: int = 0
    reason: str = ""
    by_user: bool = False
    problems: list[Problem] = field(default_factory=list)
    checks: list[FeatureCheck] = field(default_factory=list)
    log: Path | None = None
    began: float = 0.0

    def to_fields(self) -> dict[str, Any]:
        """The result as JSON has it."""
        fields: dict[str, Any] = _FIELDS.dump_python(self, mode="json")
        return fields

    @staticmethod
    def from_fields(fields: Mapping[str, Any]) -> NodeResult:
        """The result that ``to_fields`` took apart; what is left out has its default."""
        return _FIELDS.validate_python(fields)

    @property
    def ended_well(self) -> bool:
        return self.state in ("ran", "cached")


_FIELDS = TypeAdapter(NodeResult)
