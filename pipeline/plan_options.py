"""What a user may set of the plan."""

from __future__ import annotations

from pydantic import Field

from contracts.options import Options


class PlanOptions(Options):
    """When the replenishment model is not asked, or not believed, and which orders wait for a person."""

    stale_periods: int = Field(7, ge=0, le=2000)
    """a series whose newest sales are this many periods old is planned without the model, and stock as old is not
    counted
    """
    level_limit: float = Field(5.0, gt=1, le=1e6)
    """a level this many times as high as both the classical one and the most that was ever sold in as many periods of
    the history is not believed
    """
    order_limit: float = Field(4.0, gt=1, le=1e6)
    """an order of more than this many times the most that was sold in any stretch of the history as long as the
    protection interval is held back until someone accepts it
    """
    cover_days: float = Field(180.0, gt=0, le=1e6)
    """so many days' demand the smallest order that packs and minimum allow may always hold; more only where some
    series sold as much in one period
    """
    plan_limit: float = Field(2.5, gt=1, le=1e6)
    """a whole plan of this many times the most of all such stretches is held back"""
