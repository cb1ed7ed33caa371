"""By which policy a pair plans."""

from __future__ import annotations

from contracts.policies import MODEL, Planned
from contracts.records.base import Number, Record


class Planning(Record):
    """What the comparison decides on, and the manifest of a pair holds."""

    policy: Planned = MODEL
    """the policy that orders: the forecast plan, unless the cheapest other is proven cheaper in the eval period"""
    costs: dict[str, Number] = {}
    """simulated cost of each of them there, money"""
    correlation: tuple[float, ...] = ()
    """of the errors of one series' periods, by how far they lie apart, from 0 on; none: taken as independent"""
