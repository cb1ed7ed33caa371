"""What the one knows who knows how the sample's demand was drawn, against draws."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.ordering.sample_bound import LEVELS, quantiles, true_forecasts
from inventory.paths import mean_weights, sample_paths
from pipeline.sample_data.files import write_sample_data


@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, 0.6), (8.0, 5.0), (40.0, 12.0)])
def test_quantiles_are_those_of_what_the_sample_draws(mean: float, dispersion: float) -> None:
    rng = np.random.default_rng(0)
    drawn = rng.poisson(mean * rng.gamma(dispersion, 1 / dispersion, 400_000))
    found = quantiles(np.array([mean]), np.array([dispersion]))[0]
    for level in (0.1, 0.5, 0.9, 0.99):
        at = found[LEVELS.index(min(LEVELS, key=lambda known: abs(known - level)))]
        assert (drawn < at).mean() <= level + 0.003 and (drawn <= at).mean() >= level - 0.003
    assert found @ mean_weights(LEVELS) == pytest.approx(mean, rel=0.03)


def test_each_review_knows_the_periods_after_it(tmp_path: Path) -> None:
    write_sample_data(tmp_path, stores=1, products=5, periods=60, seed=3)
    truth = pd.read_parquet(tmp_path / "true_demand" / "true_demand.parquet")
    items = truth[["store_id", "product_id"]].drop_duplicates().sort_values("product_id", ascending=False)
    held = SimpleNamespace(
        store_id=items["store_id"].to_numpy(),
        product_id=items["product_id"].to_numpy(),
        demand=np.zeros((len(items), 14)),
    )
    forecasts = true_forecasts(tmp_path, held, reviews=2, review_period=7, horizon=10)  # type: ignore[arg-type]
    for row, product in enumerate(held.product_id):
        expected = truth[truth["product_id"] == product].sort_values("date")["expected_demand"].to_numpy()
        first, second = (
            sample_paths(said.levels, said.quantiles[row : row + 1], said.scores).mean(axis=(0, 1))
            for said in forecasts
        )
        np.testing.assert_allclose(first, expected[-14:-4], rtol=0.1, atol=0.05)
        np.testing.assert_allclose(second[:7], expected[-7:], rtol=0.1, atol=0.05)
