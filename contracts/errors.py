"""What can go wrong, by who can mend it: user, data or machine. Anything else is a fault of the program."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import PositiveInt

from contracts.exit_codes import ExitCode
from contracts.options import Options
from contracts.records.checks import FeatureCheck


class Failure(Exception):
    """Ends a command; the message says what is wrong, where, and what to do.

    Attributes:
        exit_code: of a command that it ends.
    """

    exit_code: ClassVar[ExitCode]


class UserError(Failure):
    """What was asked for cannot be done; the message says what to ask instead."""

    exit_code = ExitCode.USAGE


class SystemFault(Failure):
    """The machine failed at something that could be asked of it; trying again may help."""

    exit_code = ExitCode.FAILURE


@dataclass(frozen=True)
class Problem:
    """One kind of fault in one column of one file, with where it was first seen."""

    # Of pydantic, where a problem is part of a record.
    __pydantic_config__ = {**Options.model_config, "json_schema_serialization_defaults_required": True}

    file: str
    """name of the file, as the user knows it"""
    rule: str
    """short stable name of the broken rule, such as ``negative_units``"""
    message: str
    """what is wrong, in one sentence"""
    remedy: str
    """what to do about it, in one sentence"""
    column: str | None = None
    """the column, where the fault has one"""
    count: PositiveInt = 1
    """how many rows break the rule"""
    rows: tuple[PositiveInt, ...] = ()
    """the first offending rows, counted from 1 without the header"""
    values: tuple[str, ...] = ()
    """the offending values of those rows, as text"""

    def __str__(self) -> str:
        where = self.file if self.column is None else f"{self.file}, column {self.column}"
        seen = ", ".join(f"row {row}: {value!r}" for row, value in zip(self.rows, self.values, strict=False))
        more = f" ({self.count} rows)" if self.count > 1 else ""
        return f"{where}: {self.message}{more}{f' [{seen}]' if seen else ''}. {self.remedy}"


class DataRejected(Failure):
    """The data broke the contract or the gate; nothing was trained or pushed."""

    exit_code = ExitCode.REFUSED

    def __init__(self, problems: list[Problem], checks: Sequence[FeatureCheck] = ()) -> None:
        """Args: problems: the reasons; checks: the data gate's, passed ones too, where it was the gate."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
        # The artifact of a failed node is removed; these are all that is left of it.
        self.checks = tuple(checks)


_OWN = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.ENOBUFS,
        errno.ESTALE, errno.ETIMEDOUT, errno.ENOLCK,
    }
)  # fmt: skip
"""Errors of the operating system that are its own, whatever was asked for: trying again may help then, and asking for
something else does not."""


def is_systems(error: BaseException) -> bool:
    """Whether an exception is an error of the machine's own."""
    return isinstance(error, OSError) and error.errno in _OWN


def cannot(error: OSError, what: str, remedy: str, kind: type[Failure]) -> Failure:
    """What to raise for an error of the operating system.

    Args:
        what: what could not be done to what, such as ``plan.csv: cannot be written``.
        remedy: what whoever asked for it may ask instead.
        kind: of exception where it is for them to change; a ``SystemFault`` where it is the machine's own fault.
    """
    reason = error.strerror or str(error)
    if is_systems(error):
        return SystemFault(f"{what} ({reason}); see to the machine, and try again")
    return kind(f"{what} ({reason}); {remedy}")
