"""What is said of an exception, and the exit code of it."""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
import traceback

from contracts.errors import Failure, is_systems
from contracts.exit_codes import ExitCode

_OF_A_PATH = frozenset(
    {
        errno.ENOENT, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY,
        errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.EXDEV, errno.ENXIO, errno.EINVAL,
    }
)  # fmt: skip
"""What a path can be the reason of: whoever gave it can give another one."""
_IN_BEAM = re.compile(r"\s*\[while running '[^']*'\]")
"""What Beam adds to the message of an exception."""


def message_and_code(error: Exception) -> tuple[str, ExitCode]:
    """What is said of an exception, and the exit code."""
    if isinstance(error, Failure):
        return _IN_BEAM.sub("", str(error)), error.exit_code
    if is_systems(error):
        return f"{error}; see to the machine, and try again", ExitCode.FAILURE
    if isinstance(error, OSError) and error.filename is not None and error.errno in _OF_A_PATH:
        return (
            f"{os.fsdecode(error.filename)}: {error.strerror}; give another path, or see to this one",
            ExitCode.USAGE,
        )
    first = (str(error).strip().splitlines() or ["no more is known"])[0]
    return (
        f"{type(error).__name__}: {first}. This is a fault of the program; {_logged(error)}",
        ExitCode.FAILURE,
    )


def _logged(error: Exception) -> str:
    """Where the whole of an unexpected exception is kept, for whoever mends the program."""
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="retail-inventory-", suffix=".log", delete=False, encoding="utf-8", errors="replace"
        ) as file:
            file.write(f"{' '.join(sys.argv)}\n\n{text}")
    except OSError as full:
        return f"where it came from could not be written down ({full.strerror})"
    return f"where it came from is in {file.name}, which a report of it should have with it"
