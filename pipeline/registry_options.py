"""What a user may set of the registry."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator

from contracts.options import Options, server_address


class RegistryOptions(Options):
    """An MLflow server that is told of runs and pairs. User and password are never settings, see docs/registry.md."""

    mlflow: str | None = None
    """address of the server, such as https://mlflow.example.com; unset: no registry is kept"""
    experiment: str = Field("retail-inventory", pattern=r"^[A-Za-z0-9][\w .-]{0,199}$")
    """MLflow's experiment that takes the runs"""
    model_prefix: str = Field("", pattern=r"^[\w.-]{0,100}$")
    """what the names of the registered models begin with; needed where several workspaces share a server"""
    certificate_authority: Path | None = None
    """PEM file of those who may have signed the server's certificate; unset: the public ones"""
    timeout: float = Field(5.0, gt=0, le=600)
    """seconds that one request may wait for an answer"""
    patience: float = Field(60.0, gt=0, le=86_400)
    """seconds that the end of a run, a roll-back or a promotion gives to the registry in sum; what is not told by then
    is told later
    """

    @field_validator("mlflow")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        return server_address(
            address,
            such_as="an address is such as https://mlflow.example.com:5000",
            no_secrets="user and password do not belong here; see docs/registry.md",
            why_encrypted="an address off this machine begins with https://: a password goes there",
        )
