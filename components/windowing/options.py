"""What a user may set of the windows."""

from __future__ import annotations

from pydantic import Field, model_validator

from contracts.options import Options


class WindowOptions(Options):
    """Lengths are in periods (days or weeks, as the data).

    Splits are by date. With D the last date of the data, label windows of the test split lie within the last
    ``test_periods`` up to D, those of the eval split within the ``eval_periods`` before, those of the train
    split before that. No label window crosses a border.
    """

    history: int = Field(56, ge=1, le=2000)
    """T, periods of history a model sees"""
    horizon: int = Field(14, ge=1, le=366)
    """H, periods forecast"""
    test_periods: int = Field(28, ge=1, le=2000)
    """held out for the gate, at the end"""
    eval_periods: int = Field(28, ge=1, le=2000)
    """for early stopping, just before the test periods"""
    train_stride: int = Field(10, ge=1, le=2000)
    """periods between two training origins; no multiple of 7, so that they fall on all weekdays"""
    train_reviews: int = Field(4, ge=1, le=8)
    """training origins that follow each other a review apart, where ``train_stride`` is longer than that; then comes a
    gap, so that there are no more of them
    """
    newest_stride: int = Field(3, ge=1, le=2000)
    """periods between two origins of the split refit, the newest windows before the test periods, which training
    looks at last
    """
    eval_stride: int = Field(7, ge=1, le=2000)
    """periods between two origins of the eval and test splits"""
    minimum_history: int = Field(14, ge=1, le=2000)
    """periods a series must have before an origin, those of a product that it follows included; at so many of its own
    these count no more
    """
    season: int = Field(7, ge=1, le=2000)
    """periods of the seasonal naive baseline's season"""
    recent: int = Field(7, ge=1, le=2000)
    """periods of the recent mean baseline"""
    base_stock_periods: int = Field(28, ge=2, le=2000)
    """periods that the classical base stock is fitted on"""
    review_period: int = Field(7, ge=1, le=366)
    """R, periods between two orders"""
    volume_classes: tuple[float, float] = (1.0, 10.0)
    """mean units a period from which a series is medium, and fast"""

    @model_validator(mode="after")
    def _fits(self) -> WindowOptions:
        for name in ("test_periods", "eval_periods"):
            if getattr(self, name) < self.horizon:
                raise ValueError(
                    f"{name} must hold at least one label window of {self.horizon} periods (horizon)"
                )
        if self.minimum_history > self.history:
            raise ValueError("minimum_history cannot exceed history")
        if not 0 <= self.volume_classes[0] < self.volume_classes[1] <= 1e9:
            raise ValueError("volume_classes are two rising numbers between 0 and 1e9 units")
        return self
