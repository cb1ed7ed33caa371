"""Whether a store keeps what publications rest on: a conditional write is refused to the later of two."""

from __future__ import annotations

import secrets

from contracts.errors import UserError
from serving.objects.layout import PROBES
from serving.objects.store import ObjectStore

_NO_TAG = '"00000000000000000000000000000000"'


def prove(store: ObjectStore) -> None:
    """Writes, compares and removes an object of its own.

    Raises:
        UserError: the store writes whatever the condition says, or takes no write at all.
        SystemFault: it cannot be reached.
    """
    key = f"{PROBES}/{secrets.token_hex(8)}"
    first, second = b"first", b"second"
    store.create(key, first)
    try:
        if store.create(key, second) or store.replace(key, second, _NO_TAG):
            raise UserError(
                f"{store}: ignores the conditions of a write (If-None-Match, If-Match), so two publications at once "
                "would overwrite each other; use a store that keeps them, see docs/object-store.md"
            )
        found = store.read(key)
        if found is None or found.content != first or not store.replace(key, second, found.tag):
            raise UserError(
                f"{store}: does not give back what was written to it, or not at once; use a store that is consistent "
                "after a write, see docs/object-store.md"
            )
    finally:
        store.remove([key])
