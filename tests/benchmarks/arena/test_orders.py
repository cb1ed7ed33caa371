"""The arena's order rule: its spread, and its cost against a plain loop."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from benchmarks.arena.orders import challenge, closed_loop, implied
from benchmarks.arena.ranks import Rank, ranks
from benchmarks.arena.spread import Spread, spread_of
from contracts.arrays import Floats
from inventory.forecast_plan import Terms, forecast_orders
from inventory.paths import sample_paths


def _terms(count: int, lead: int = 1) -> Terms:
    ones = np.ones(count)
    return Terms(np.full(count, lead), ones, 9 * ones, ones, 0 * ones, np.nan * ones)


def test_the_spread_of_errors_is_found_again() -> None:
    rng = np.random.default_rng(1)
    mean = np.repeat(np.exp(rng.uniform(1, 6, 3000))[:, None], 8, axis=1)
    units = mean + np.sqrt(2.0 * mean**1.5) * rng.standard_normal(mean.shape)

    found = spread_of(mean, units, np.ones(mean.shape, bool))

    assert found.power == pytest.approx(1.5, abs=0.05)
    assert np.median(found.of(mean) ** 2 / (2.0 * mean**1.5)) == pytest.approx(1.0, abs=0.1)
    assert found.correlation[1] == pytest.approx(0.0, abs=0.03)


def test_errors_that_nobody_knows_count_for_nothing() -> None:
    rng = np.random.default_rng(2)
    mean = np.repeat(rng.uniform(5, 50, 40)[:, None], 6, axis=1)
    units = rng.poisson(mean).astype(float)
    known = rng.random(mean.shape) < 0.7
    changed, silent = np.where(known, units, 1e6), np.where(known, mean, np.nan)

    plain = spread_of(mean, units, known)

    assert np.allclose(plain.of(mean), spread_of(mean, changed, known).of(mean))
    assert np.allclose(plain.of(mean), spread_of(silent, units, np.ones(known.shape, bool)).of(mean))


def test_implied_demand_has_the_mean_and_the_spread() -> None:
    spread = Spread(4.0, 1.0, np.array([1.0, 0.25]), 0.01, ())
    forecast = np.full((2, 3), 100.0)

    said = implied(forecast, spread)

    paths = sample_paths(said.levels, said.quantiles, said.scores)
    assert paths.mean(axis=1) == pytest.approx(forecast, rel=0.01)
    assert paths.std(axis=1) == pytest.approx(np.array([[20.0] * 3, [10.0] * 3]), rel=0.05)


def test_the_loop_costs_what_a_plain_loop_counts() -> None:
    rng = np.random.default_rng(3)
    demand = rng.poisson(6, (5, 6)).astype(float)
    spread = Spread(1.0, 1.0, np.ones(5), 0.01, ())
    forecasts = [implied(np.full((5, 6 - begin), 6.0), spread) for begin in (0, 2)]
    terms, recent = _terms(5), np.full(5, 6.0)

    found = closed_loop(demand, forecasts, recent, terms, 2)

    holding = shortage = 0.0
    for item in range(5):
        alone = terms.of(np.array([item]))
        shelf, due = 12.0, [0.0] * 8
        for period in range(-1, 6):
            if period >= 0:
                shelf += due[period]
                sold = min(shelf, demand[item, period])
                shelf -= sold
                if period >= 1:
                    holding += shelf
                    shortage += 9 * (demand[item, period] - sold)
            if period in (-1, 1):
                forecast = forecasts[(period + 1) // 2].of(np.array([item]))
                coming = np.array([due[period + 1 :]])
                order = forecast_orders(forecast, np.array([shelf]), coming, alone, 2).quantity[0]
                due[period + 2] += order
    assert found.holding == pytest.approx(holding)
    assert found.shortage == pytest.approx(shortage)
    assert found.units == demand[:, 1:].sum()


def test_the_challenge_is_asked_for_its_series_alone() -> None:
    keys = pd.MultiIndex.from_tuples([(0, 1), (0, 2), (1, 1)], names=["store_id", "product_id"])
    seen: list[Floats] = []

    class Game:
        def __init__(self, *_: Any) -> None:
            self.units = pd.DataFrame(index=keys[[2, 0]])
            self.ahead = pd.DataFrame(np.ones((2, 4)))

        def play(self, policy: Any) -> tuple[float, float]:
            nothing = np.zeros(2)
            seen.extend(policy(self.units, nothing, nothing, nothing) for _ in range(2))
            return 3.0, 4.0

    play = cast(Any, SimpleNamespace(Game=Game, load=lambda: None))
    forecast = implied(
        np.array([[1.0] * 6, [10.0] * 6, [100.0] * 6]), Spread(0.01, 1.0, np.ones(3), 0.01, ())
    )

    cost = challenge(play, "2024-01-01", keys, [forecast, forecast], _terms(3, lead=2))

    assert cost.total == 7.0
    assert [[round(float(units), -1) for units in order] for order in seen] == [[100.0, 0.0]] * 2
    with pytest.raises(ValueError, match="1 series"):
        challenge(play, "2024-01-01", keys[:2], [forecast], _terms(2, lead=2))


def test_ranks_are_of_the_methods_that_all_sets_have() -> None:
    values = {"one": {"a": 1.0, "b": 2.0, "c": 0.5}, "two": {"a": 3.0, "b": 3.0}}

    assert ranks(values) == {"a": Rank(1.25, 1.5, 2), "b": Rank(1.75, 2.0, 2)}
