"""What a user may set of back-ups."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from contracts.options import Options

_RECIPIENT = re.compile(r"age1[0-9a-z]{20,}|ssh-(ed25519|rsa) [A-Za-z0-9+/=]+( .*)?")


class BackupOptions(Options):
    """For whom back-ups are encrypted, and how long they wait for others."""

    recipients: tuple[str, ...] = ()
    """public keys, of age (age1...) or of SSH, whose owners can read a back-up; unset: everybody can
    """
    patience: float = Field(600.0, gt=0, le=86_400)
    """seconds that a back-up waits for a plan that is being written"""

    @field_validator("recipients")
    @classmethod
    def _are_public_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # What is wrong may be a secret key, so it is not shown.
        for number, recipient in enumerate(value, 1):
            if not _RECIPIENT.fullmatch(recipient):
                raise ValueError(
                    f"number {number} is no public key; one begins with age1, ssh-ed25519 or ssh-rsa"
                )
        return value
