"""The systems whose optimum is known, against what was printed of them and against the simulation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.optimum import network
from benchmarks.optimum.lost_sales import INSTANCES, MEAN, Instance, optimum
from benchmarks.optimum.policies import BLOCK, WARM_UP, LeastCost, Trial
from inventory.simulation import Review
from transforms.features import FeatureSpace

PRINTED = {
    ("poisson", 1): (4.04, 5.44, 6.68, 7.84),
    ("poisson", 2): (4.40, 6.09, 7.66, 9.11),
    ("geometric", 1): (9.82, 14.51, 19.22, 23.87),
    ("geometric", 2): (10.24, 15.50, 20.89, 26.21),
}
"""Optima of Zipkin (2008), Operations Research 56, by law and lead time, for shortages of 4, 9, 19 and 39."""
FEW = [instance for instance in INSTANCES if instance.lead_time <= 2]


@pytest.mark.parametrize("instance", FEW, ids=lambda instance: instance.name)
def test_the_optimum_is_the_printed_one(instance: Instance) -> None:
    printed = PRINTED[instance.law, instance.lead_time]
    assert optimum(instance).cost == pytest.approx(
        printed[(4.0, 9.0, 19.0, 39.0).index(instance.shortage)], abs=0.006
    )


def test_without_a_lead_time_there_is_nothing_to_solve() -> None:
    with pytest.raises(ValueError, match="newsvendor"):
        optimum(Instance("poisson", 4.0, 0))


@pytest.mark.parametrize("which", [("poisson", 4.0, 3), ("geometric", 9.0, 2)])
def test_the_best_orders_cost_what_was_computed(which: tuple[str, float, int]) -> None:
    instance = Instance(*which)
    best = optimum(instance)
    demand = instance.draw(np.random.default_rng(1), (150, WARM_UP + 10 * BLOCK))
    trial = Trial(instance, demand, on_hand=MEAN * (instance.lead_time + 1))
    costs = trial.costs(best)[0]
    # Four standard errors, of series: their blocks hang together a little.
    error = costs.reshape(len(demand), -1).mean(axis=1).std() / np.sqrt(len(demand))
    assert costs.mean() == pytest.approx(best.cost, abs=4 * error)
    assert error < 0.01 * best.cost
    level, least = trial.best_base_stock(3 * MEAN * (instance.lead_time + 1))
    _, capped = trial.best_capped(level, int(best.orders.max()) + 1)
    assert costs.mean() < capped.mean() < least.mean()
    few = Trial(instance, demand[:20], trial.on_hand)
    assert few.costs(best)[0].mean() < few.costs(LeastCost(instance))[0].mean()


def test_from_an_empty_shelf_the_least_cost_order_is_the_newsvendors() -> None:
    empty = Review(0, -1, np.zeros(1), np.zeros(1), np.zeros((1, 1)), np.zeros((1, 0)))
    # The least q whose probability of being enough is 4 / 5: 1 - (5/6)^(q+1) >= 0.8 from q = 8 on.
    assert LeastCost(Instance("geometric", 4.0, 1)).need(empty) == [8.0]


def test_the_network_is_asked_about_each_series_and_review(tmp_path: Path) -> None:
    demand = network.demands(3, network.HISTORY + 5, seed=0)

    def last_sales(windows: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {
            "order_up_to_level": windows["history_units"].numpy()[:, -1:],
            "largest_order": windows["lead_time"].numpy(),
        }

    said = network.levels(
        last_sales, FeatureSpace(network.HISTORY, network.SETTINGS["windows"]["horizon"]), tmp_path, demand
    )
    for instance, units in demand.items():
        assert np.array_equal(said[instance].up_to, units[:, network.HISTORY - 1 : -1])
        assert (said[instance].largest == instance.lead_time).all()
