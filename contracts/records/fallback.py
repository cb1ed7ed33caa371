"""What stands in for what a retailer does not supply."""

from __future__ import annotations

from contracts.records.base import Record


class Fallback(Record):
    """Something the retailer does not supply, and what is used in its place."""

    what: str
    """what is missing"""
    used: str
    """what is used in its place"""
