"""What a command says by its exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What it says.

    FAILURE: trying again may help. USAGE: ask for something else. REFUSED: a gate refused the data or a model.
    NOT_DUE: there is nothing to do now.
    """

    SUCCESS = 0
    FAILURE = 1
    USAGE = 2
    REFUSED = 3
    NOT_DUE = 4
