"""Which errors of the operating system are its own, whatever was asked for.

Trying again may help then, and asking for something else does not.
"""

from __future__ import annotations

import errno

from contracts.errors import Failure, SystemFault

_OWN = frozenset(
    {
        errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM, errno.EAGAIN, errno.ENOBUFS,
        errno.ESTALE, errno.ETIMEDOUT, errno.ENOLCK,
    }
)  # fmt: skip


def is_systems(error: BaseException) -> bool:
    """Whether an exception is an error of the machine's own."""
    return isinstance(error, OSError) and error.errno in _OWN


def cannot(error: OSError, what: str, remedy: str, kind: type[Failure]) -> Failure:
    """What to raise for an error of the operating system.

    Args:
        error: the error.
        what: what could not be done to what, such as ``plan.csv: cannot be written``.
        remedy: what whoever asked for it may ask instead.
        kind: of exception where it is for them to change; a ``SystemFault`` where it is the machine's own fault.
    """
    reason = error.strerror or str(error)
    if is_systems(error):
        return SystemFault(f"{what} ({reason}); see to the machine, and try again")
    return kind(f"{what} ({reason}); {remedy}")
