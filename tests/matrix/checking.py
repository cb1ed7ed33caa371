"""How a check is declared, and what most of them look at."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tests.matrix.way import Way

KEY = ["store_id", "product_id"]
Check = Callable[[Way], None]
CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Declares one."""
    CHECKS.append(function)
    return function


def plan_folder(way: Way) -> Path:
    return way.workspace / "plans" / str(way.made.sales.date.max().date())


@functools.cache
def _read_lines(folder: Path) -> pd.DataFrame:
    return pd.read_csv(
        folder / "order_lines.csv", dtype=dict.fromkeys(KEY, str), keep_default_na=False, na_values=[""]
    )


def lines_of(way: Way) -> pd.DataFrame:
    return _read_lines(plan_folder(way))
