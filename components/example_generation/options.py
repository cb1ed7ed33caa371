"""What may be chosen about reading a retailer's files."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from components.example_generation.reading.dialect import DialectOptions
from contracts.options import Options
from inventory.service_levels import HIGHEST_TARGET

_CALENDAR: dict[str, int | Literal["all"]] = {"holiday": "all", "event": "all"}
"""What a calendar says of all the time to come."""


class Target(Options):
    """A service level in place of a shortage cost: one of two."""

    target_cycle_service: float | None = Field(None, gt=0, le=HIGHEST_TARGET)
    """share of the cycles from one order's arrival to the next one's in which all demand is served"""
    target_fill_rate: float | None = Field(None, gt=0, le=HIGHEST_TARGET)
    """share of the demand that is served"""

    @model_validator(mode="after")
    def _one_of_two(self) -> Target:
        if self.target_cycle_service is not None and self.target_fill_rate is not None:
            raise ValueError("target_cycle_service and target_fill_rate are both given: give one of them")
        return self


class DataOptions(Target):
    """Choices of the data contract, and the constants that stand in for what a retailer does not supply.

    The constants are deliberately plain: with a holding_cost of 1 a unit and week, and a shortage_cost of 9, an order
    for a week serves all demand nine times out of ten, the usual level of fast-moving goods; only the ratio of the two
    decides an order. Where products has a unit_cost, costs are derived from it and from the price, unless a person has
    set them here. A quarter of the unit cost a year is usual for capital, space, insurance and losses together.
    """

    frequency: Literal["D", "W"] = "D"
    """D: one row a day; W: one row a week"""
    missing_dates: Literal["zero", "unknown"] = "zero"
    """what a date without a row means, from a series' first one to the newest of its store: nothing was sold, or
    nobody knows
    """
    duplicates: Literal["refuse", "sum"] = "refuse"
    """rows of sales_data with the same date, store and product: a fault; or lines of invoices, added up, with returns
    (units below 0) netted and times of day cut off
    """
    as_of: date | None = None
    """sales and inventory after this date are not read"""
    shards: int = Field(16, ge=1, le=99_999)
    """files that the rows are spread over, by series"""
    known_ahead: dict[str, Annotated[int, Field(ge=0, le=366)] | Literal["all"]] = Field(
        {}, validate_default=True
    )
    """how many coming periods of a column are known at the time of an order, or all: of external_factors by default
    all of holiday and event, 0 of any other; of unit_price, discount and on_promotion by default as many as
    planned_prices reaches beyond the last sale. Beyond, and of 0, the models see the past alone
    """
    external: tuple[str, ...] | None = None
    """columns of external_factors that the models see; unset: all of them"""
    text_columns: tuple[str, ...] = ()
    """columns of external_factors that are text, whatever their values look like"""
    dialect: DialectOptions = DialectOptions()
    """how the files are written, where they do not tell it themselves"""
    quarantine: float | None = Field(None, ge=0, le=1)
    """largest share of a file's rows that may be set aside; none: no bad row is borne"""
    lead_time: int | None = Field(None, ge=0, le=365)
    """periods, where products has none; by default 3 days or 1 week"""
    pack_size: float = Field(1.0, gt=0, le=1e9)
    """units, where products has none"""
    minimum_order_quantity: float = Field(0.0, ge=0, le=1e9)
    """units, where products has none"""
    holding_cost: float | None = Field(None, gt=0, le=1e9)
    """per unit and period, where products has none; by default carrying_rate of its unit_cost, and 1 a week (1/7 a day)
    where it has none either
    """
    shortage_cost: float | None = Field(None, gt=0, le=1e9)
    """per unit, where products has none; by default the margin, where neither that is known 9 weeks of a holding_cost
    that is derived, else 9
    """
    carrying_rate: float = Field(0.25, gt=0, le=10)
    """what a unit costs to hold for a year, as a share of its unit_cost"""
    shortage_margin: float = Field(1.0, gt=0, le=1000)
    """margins (median unit_price of its sales in a store less unit_cost) that a unit not served costs: above 1 where
    customers are lost with it, below where they come back
    """
    category_targets: dict[str, Target] = {}
    """targets of the products of some categories, such as {dairy: {target_fill_rate: 0.98}}; they go before the two of
    the shop, and those of products before both. A target sets the shortage cost, also where products gives one
    """

    @property
    def chosen_columns(self) -> tuple[str, ...]:
        """Columns of external_factors that the settings name."""
        return (*self.known_ahead, *(self.external or ()), *self.text_columns)

    @field_validator("known_ahead")
    @classmethod
    def _with_calendar(cls, value: dict[str, int | Literal["all"]]) -> dict[str, int | Literal["all"]]:
        return _CALENDAR | value

    @property
    def period_days(self) -> int:
        """Days from one row of a series to the next."""
        return 7 if self.frequency == "W" else 1

    @property
    def fallback_lead_time(self) -> int:
        """Periods from an order to its arrival where the products file does not say."""
        if self.lead_time is not None:
            return self.lead_time
        return 1 if self.frequency == "W" else 3

    @property
    def fallback_holding_cost(self) -> float:
        """Money per unit and period where the products file does not say."""
        return self.period_days / 7 if self.holding_cost is None else self.holding_cost

    @property
    def fallback_shortage_cost(self) -> float:
        """Money per unit where the products file does not say."""
        return 9.0 if self.shortage_cost is None else self.shortage_cost
