"""What a user may set of the plan."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class PlanOptions(BaseModel):
    """When the replenishment model is not asked, or not believed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stale_periods: int = Field(
        7,
        ge=0,
        description="a series whose newest sales are this many periods old is planned without the model",
    )
    level_limit: float = Field(
        5.0,
        gt=1,
        description="a level this many times as high as both the classical one and the most that was ever sold in as "
        "many periods of the history is not believed",
    )
