"""Who is best over all data sets: mean and worst rank, of the methods that have a value in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Rank:
    """Of one method; 1 is best, equals share the mean of their ranks."""

    mean: float
    worst: float
    sets: int


def ranks(values: Mapping[str, Mapping[str, float]]) -> dict[str, Rank]:
    """Ranks by method, best mean first.

    Args:
        values: by data set and method, less is better; a method that some set lacks has no rank.
    """
    table = pd.DataFrame({name: dict(of_method) for name, of_method in values.items()}).dropna()
    found = table.rank(axis=0)
    each = {
        str(method): Rank(float(row.mean()), float(row.max()), len(row))
        for method, row in zip(found.index, found.to_numpy(np.float64), strict=True)
    }
    return dict(sorted(each.items(), key=lambda item: (item[1].mean, item[1].worst)))
