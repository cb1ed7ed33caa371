"""What a user may set of pushing and serving."""

from __future__ import annotations

from pydantic import Field

from contracts.options import Options


class ServingOptions(Options):
    """How pairs are checked before they are pushed, and how they are kept."""

    keep: int = Field(3, ge=2, le=1000)
    """versions that stay in the serving directory, apart from those in use"""
    canary: bool = False
    """push beside the stable pair, to be tried and promoted, instead of in its place"""
    latency_one: float = Field(100.0, gt=0, le=1e7)
    """milliseconds within which a loaded model answers one row"""
    latency_many: float = Field(2000.0, gt=0, le=1e7)
    """milliseconds within which a loaded model answers 512 rows"""
    tolerance: float = Field(1e-4, gt=0, le=1)
    """how far a loaded model's answers may differ from the trainer's, as a fraction of them"""
    infra_validator: str | None = None
    """tag of the tensorflow/serving image with which TFX's InfraValidator tries each model too; needs Docker; unset:
    not tried
    """
