"""What a user may set of champion and challenger."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from contracts.options import Options


class PromotionOptions(Options):
    """How a blessed pair comes to serve: at once, or as a challenger that is scored beside the champion first."""

    mode: Literal["at_once", "challenger"] = "at_once"
    """at_once: what a run blesses serves; challenger: it is planned with beside the pair that serves, until it is
    decided upon, and ordered from in the stores of canary_stores alone
    """
    false_promotions: float = Field(0.05, gt=0, lt=0.5)
    """probability that a challenger which is no better is ever promoted, however often one looks"""
    least_periods: int = Field(14, ge=2, le=1000)
    """plans that must have been scored before anything is decided"""
    most_periods: int = Field(120, ge=3, le=3660)
    """a challenger that was pushed so many periods ago and is not decided upon is withdrawn"""
    scored_share: float = Field(0.5, gt=0, le=1)
    """a plan counts as scored once what came of this share of its series is known"""

    canary_stores: float = Field(0.0, ge=0, lt=1)
    """share of the stores whose orders are the challenger's, the same ones while it is tried; 0: of none; else of at
    least one, and never of all; needs mode: challenger
    """
    false_rollbacks: float = Field(0.05, gt=0, lt=0.5)
    """probability that a challenger which is as good is ever withdrawn for what came in those stores, however often
    one looks
    """
    canary_bias: float = Field(0.1, gt=0, le=1)
    """share of the units sold by which its bias in those stores may lie away from the champion's"""

    @model_validator(mode="after")
    def _tried_first(self) -> PromotionOptions:
        if self.canary_stores and self.mode != "challenger":
            raise ValueError(
                f"promotion.canary_stores ({self.canary_stores}) is the challenger's share of the stores, and there is "
                f"none: set promotion.mode to challenger, where it is {self.mode}"
            )
        return self

    @model_validator(mode="after")
    def _time_to_decide(self) -> PromotionOptions:
        if self.most_periods <= self.least_periods:
            raise ValueError(
                f"promotion.most_periods ({self.most_periods}) must be more than promotion.least_periods "
                f"({self.least_periods}), or nothing is ever decided"
            )
        return self
