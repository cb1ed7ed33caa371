"""What a user may set of the object store that pairs are published to."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator

from contracts.options import Options, server_address

_ADDRESS = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9][\w.-]*)+")


class StoreOptions(Options):
    """Where an object store is. Keys are never settings, see docs/object-store.md."""

    address: str | None = None
    """bucket and prefix, such as s3://shop-models/retail-inventory; unset: nothing is published"""
    endpoint: str | None = None
    """address of a store other than Amazon's, such as https://objects.example.com:9000"""
    region: str | None = Field(None, pattern=r"^[a-z0-9-]{1,64}$")
    """region of the bucket; unset: AWS_REGION's, or us-east-1"""
    certificate_authority: Path | None = None
    """PEM file of who may have signed the endpoint's certificate; unset: the public ones"""
    timeout: float = Field(60.0, gt=0, le=3600)
    """seconds that one request may take, that of the largest file among them"""

    @field_validator("address")
    @classmethod
    def _is_a_prefix(cls, address: str | None) -> str | None:
        if address is None:
            return None
        address = address.rstrip("/")
        if not _ADDRESS.fullmatch(address):
            raise ValueError("an address is such as s3://bucket/prefix; the bucket alone does not do")
        return address

    @field_validator("endpoint")
    @classmethod
    def _is_safe(cls, endpoint: str | None) -> str | None:
        return server_address(
            endpoint,
            such_as="an endpoint is such as https://objects.example.com:9000",
            no_secrets="keys do not belong here; see docs/object-store.md",
            why_encrypted="an endpoint off this machine begins with https://: what serves comes from there",
        )


class PublicationOptions(StoreOptions):
    """An object store that is shown what serves, for services on other machines. Keys are never settings."""

    keep: int = Field(3, ge=1, le=1000)
    """pairs that stay in the store, apart from those in use"""
    grace_hours: float = Field(24.0, ge=1, le=8760)
    """hours that files stay which nothing shows any more: readers may be taking them, or a publication may be at work;
    after that the next publication removes them
    """
