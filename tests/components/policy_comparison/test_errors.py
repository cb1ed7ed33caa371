from __future__ import annotations

import numpy as np

from components.policy_comparison.errors import errors_by_series
from contracts.arrays import Arrays

LEVELS = (0.1, 0.5, 0.9)
IDS = [("S1", "Müsli", "a=b"), ("S1", "Tee", ""), ("北京/1", "Müsli", "a=b")]


def windows(rng: np.random.Generator, per_series: int = 3, horizon: int = 4) -> Arrays:
    ids = [series for series in IDS for _ in range(per_series)]
    shape = len(ids), horizon
    observed = (rng.random(shape) < 0.6).astype(np.float32)
    observed[:per_series] = 0.0  # The first series has nothing to judge by.
    texts = {
        name: np.array([[series[i].encode()] for series in ids], object)
        for i, name in enumerate(("store_id", "product_id", "category"))
    }
    return {
        **texts,
        "label_units": rng.poisson(5, shape).astype(np.float32) * observed,
        "label_observed": observed,
        "seasonal_naive": rng.poisson(5, shape).astype(np.float32),
        "quantiles": np.sort(rng.gamma(2, 3, (*shape, 3)), axis=2).astype(np.float32),
    }


def test_errors_are_those_of_the_observed_periods() -> None:
    given = windows(np.random.default_rng(0))
    expected: dict[tuple[str, ...], list[float]] = {}
    for i in range(len(given["store_id"])):
        key = tuple(given[name][i, 0].decode() for name in ("store_id", "product_id", "category"))
        for h in range(4):
            if given["label_observed"][i, h]:
                sums = expected.setdefault(key, [0.0, 0.0])
                sums[0] += abs(float(given["quantiles"][i, h, 1]) - float(given["label_units"][i, h]))
                sums[1] += abs(float(given["seasonal_naive"][i, h]) - float(given["label_units"][i, h]))
    found = {
        tuple(row.values())[:3]: list(row.values())[3:] for row in errors_by_series(given, LEVELS).to_pylist()
    }
    assert found.keys() == expected.keys() == set(IDS[1:])
    for key, sums in expected.items():
        np.testing.assert_allclose(found[key], sums)


def test_a_series_without_an_observed_period_has_no_row() -> None:
    given = windows(np.random.default_rng(1))
    given["label_observed"][:] = 0.0
    assert errors_by_series(given, LEVELS).num_rows == 0
