"""What a plan is kept up from, and what has become of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Config
from pipeline.orders.plan import Plan
from pipeline.orders.planning.holding import NOTHING_ACCEPTED, Accepted
from pipeline.workspace import Workspace


@dataclass(frozen=True)
class Asked:
    """What a plan is made from.

    Attributes:
        data: folder with the files of the data contract.
        workspace: with a pushed pair.
        config: the one that the pair was trained with.
        changes: folder that files of new sales and stock are dropped into.
        program: stamp of the program; what another one has kept is not read.
        overrides: file of people's own quantities.
        accepted: what a person lets pass that the plan would hold back.
    """

    data: Path
    workspace: Workspace
    config: Config
    changes: Path
    program: str
    overrides: Path | None = None
    accepted: Accepted = NOTHING_ACCEPTED


@dataclass(frozen=True)
class KeptUp:
    """A plan with what has come.

    Attributes:
        plan: all of it.
        files, rows: that are new in it.
        why_all: why every series was planned; empty: only those that were touched.
        series: that were planned.
        ordered: lines that order something else than before; None where every series was planned.
        seconds: that it took.
    """

    plan: Plan
    files: int
    rows: int
    why_all: str
    series: int
    ordered: int | None
    seconds: float
