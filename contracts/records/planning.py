"""By which policy a pair plans."""

from __future__ import annotations

from contracts.policies import MODEL, Planned, spoken
from contracts.records.base import Number, Record


class Planning(Record):
    """What the comparison decides on, and the manifest of a pair holds."""

    policy: Planned = MODEL
    """the policy that orders: the forecast plan, unless the cheapest other is proven cheaper in the eval period"""
    unproven: Planned | None = None
    """the policy that was chosen so, where base stock plans in its place: over the eval and the test period it is not
    proven to cost less
    """
    against_base_stock: tuple[Number, Number, Number] | None = None
    """what the chosen policy costs against base stock over both periods, as a fraction: the estimate, and the ends of
    its interval
    """
    costs: dict[str, Number] = {}
    """simulated cost of each policy by which a pair may plan, over the eval period, money"""
    correlation: tuple[float, ...] = ()
    """of the errors of one series' periods, by how far they lie apart, from 0 on; none: taken as independent"""

    def said(self) -> str:
        """By which policy the pair plans, and why, in a sentence without an end."""
        costs = ", ".join(
            f"{spoken(name)} {cost:,.0f}" for name, cost in self.costs.items() if cost is not None
        )
        found = f"the pair plans by {spoken(self.policy)}" + (
            f": in the weeks before, {costs}" if costs else ""
        )
        if self.unproven is None:
            return found
        change = ""
        if self.against_base_stock is not None:
            estimate, low, high = (value or 0.0 for value in self.against_base_stock)
            change = f" ({estimate:+.1%}, {low:+.1%} to {high:+.1%})"
        return (
            f"{found}; over those and the test period {spoken(self.unproven)} is not proven to cost less than base "
            f"stock{change}"
        )
