"""What a user may set of the engine that does Beam's work."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from contracts.options import Options


class EngineOptions(Options):
    """Where Beam's work is done: on this machine, or on an Apache Flink cluster, see docs/scaling.md."""

    name: Literal["local", "flink"] = "local"
    """local: in one process on this machine; flink: on a cluster, by Beam's job server; the other settings are for
    flink alone
    """
    job_endpoint: str | None = None
    """HOST:PORT of Beam's job server"""
    flink_master: str | None = None
    """HOST:PORT of the JobManager's REST service"""
    parallelism: int = Field(1, ge=1, le=32768)
    """task slots that a job takes: so many shards are worked on side by side"""
    environment: Literal["process", "loopback"] = "process"
    """process: each TaskManager starts a worker of its own; loopback: the work comes back to the process that ordered
    it, for one machine and for trying
    """
    worker_command: Path | None = None
    """what a TaskManager starts as a worker, the same path on each of them; unset: retail-inventory-beam-worker where
    this machine has it
    """

    @field_validator("job_endpoint", "flink_master")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        if address is None:
            return None
        try:
            parts = urlsplit(f"//{address}")
            complete = bool(parts.hostname and parts.port) and parts.netloc == address and "@" not in address
        except ValueError:
            complete = False
        if not complete:
            raise ValueError("an address is such as flink.example.com:8081, a host and a port")
        return address

    @field_validator("worker_command")
    @classmethod
    def _is_absolute(cls, command: Path | None) -> Path | None:
        if command is not None and not command.is_absolute():
            raise ValueError("TaskManagers have other working folders: give the whole path")
        return command

    @model_validator(mode="after")
    def _complete(self) -> EngineOptions:
        given = self.model_fields_set - {"name"}
        if self.name == "local" and given:
            raise ValueError(f"{', '.join(sorted(given))}: only with name: flink")
        missing = [name for name in ("job_endpoint", "flink_master") if getattr(self, name) is None]
        if self.name == "flink" and missing:
            raise ValueError(f"flink needs {' and '.join(missing)} too")
        return self
