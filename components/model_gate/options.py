"""What a pair of models must reach."""

from __future__ import annotations

from pydantic import Field

from contracts.options import Options


class GateOptions(Options):
    """What a model must reach on the untouched test split. A value threshold always stands; see docs/."""

    demand_skill: float = Field(0.0, ge=-1e6, le=1)
    """demand: lowest skill against seasonal naive, 1 - WAPE / WAPE of seasonal naive"""
    slice_skill: float = Field(-0.1, ge=-1e6, le=1)
    """demand: the same for the worst store and the worst category: refused where the whole interval is below"""
    slice_series: int = Field(8, ge=2, le=1_000_000)
    """demand: a store or category of fewer series is not judged on its own"""
    calibration_band: float = Field(0.1, ge=0, le=1)
    """demand: how far the coverage of a quantile may lie from its level, of single periods and, where the pair plans by
    the forecast, of their sums over protection intervals; twice as far where the orders that follow from the quantiles
    are proven cheaper than base stock's
    """
    replenishment_skill: float = Field(0.0, ge=-1e6, le=1)
    """replenishment: lowest skill against base stock, 1 - cost / cost of base stock; asked where the pair plans by its
    levels, and these are not proven cheaper than base stock's in the simulation
    """
    loss_margin: float = Field(0.02, ge=0, le=1e6)
    """how much higher, as a fraction, WAPE may be than the incumbent's"""
    cost_margin: float = Field(0.15, ge=0, le=1e6)
    """the same for the cycle cost of the levels that the pair plans by, which varies more; the simulation looks
    closer
    """
    base_stock_cost: float = Field(0.0, ge=-1, le=1e6)
    """simulated cost against base stock over the eval and the test period, as a fraction: the upper end of the interval
    must lie below; a policy of which neither that nor the contrary is proven leaves the planning to base stock
    """
    other_cost: float = Field(0.02, ge=0, le=1e6)
    """simulated cost against every policy that needs no model, as a fraction: refused where the whole interval is
    above
    """
    incumbent_cost: float = Field(0.03, ge=0, le=1e6)
    """simulated cost against the incumbent's, as a fraction: refused where the whole interval is above"""
    fill_rate_margin: float = Field(0.01, ge=0, le=1)
    """how much lower the simulated fill rate may be than the incumbent's, and than base stock's unless proven cheaper
    than it
    """
    confidence: float = Field(0.95, gt=0.5, lt=1)
    """with which an end of a paired bootstrap interval over series is on its side of the truth"""
