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


class WorkerExit(IntEnum):
    """Why a worker of a cluster would not start; the number is all that reaches whoever ordered the work.

    OTHER_CODE: it has other code than they have. NOT_SHARED: it does not see the folders that they have.
    """

    OTHER_CODE = 65
    NOT_SHARED = 66
