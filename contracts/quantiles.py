"""How quantiles of demand are named in tables for people."""

from __future__ import annotations


def quantile_column(level: float) -> str:
    """Column of the quantile of a level, such as ``quantile_0.9``."""
    return f"quantile_{level:g}"
