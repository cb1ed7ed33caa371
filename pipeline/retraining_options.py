"""What a user may set of the decision to train anew."""

from __future__ import annotations

from pydantic import Field

from contracts.options import Options


class RetrainingOptions(Options):
    """What makes a training due, and what holds one back; a training that a person orders is never held back."""

    least_periods: int = Field(14, ge=2, le=1000)
    """periods of the pair that serves which must have been scored before its errors are judged"""
    scored_share: float = Field(0.5, gt=0, le=1)
    """a period counts as scored once the sales of this share of its forecasts are known, fully stocked"""
    false_alarms: float = Field(0.5, gt=0, le=50)
    """false alarms a year that the test of errors and bias may give, however long a pair serves"""
    accuracy_tolerance: float = Field(0.1, ge=0, le=10)
    """share by which the error (WAPE) may exceed what the gate saw before that counts against the pair"""
    bias_tolerance: float = Field(0.05, ge=0, le=10)
    """how far the bias may lie from what the gate saw, on either side, before that counts against the pair"""
    drifted_features: int = Field(1, ge=1, le=1000)
    """a training is due once so many features have drifted"""
    drift_runs: int = Field(3, ge=1, le=100)
    """planning runs in a row in which the data gate must have found a feature's drift"""
    age_days: float = Field(28, gt=0, le=3660)
    """a pair that was pushed longer ago is trained anew"""
    new_share: float = Field(0.1, gt=0, le=1)
    """a training is due once stores and products that the pair does not know have this share of the units sold"""
    new_periods: int = Field(7, ge=1, le=1000)
    """newest periods over which that share is taken"""
    cool_down_days: float = Field(3, ge=0, le=3660)
    """since the last training began, or was asked for"""
    weekly_budget: int = Field(2, ge=1, le=100)
    """trainings that may begin in seven days, refused and ordered ones counted"""
    running_hours: float = Field(24, gt=0, le=8760)
    """a training that still stands as running after so long is taken for dead"""
