"""Orders beside the optimum of lost-sales systems that is known, all on the same demand.

    python -m benchmarks.optimum.known_optimum

The 32 instances of Zipkin (2008), Old and new methods for lost-sales inventory systems, Operations Research 56: demand
of mean 5, Poisson or geometric, one order a period, holding 1 a unit and period, a shortage 4 to 39 a unit, lead times
of 1 to 4 periods. The optimum is the least average cost by dynamic programming; its orders are simulated as well, and
what the others cost is said relative to them along the same demand, so that luck with it cancels out. Base stock and
capped base stock are the best of all whole levels and largest orders for this very demand, which nobody knows
beforehand. The least-cost order is what the product orders by a forecast, given paths of the true law. The network is
the product's, trained by one run of the pipeline on other demand of the same instances. It knows an instance as a
product with a name, a lead time and costs, and 28 periods of its sales at a review. It is a capped base stock too, so
that the best one is as far as it can come.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.report import Report
from benchmarks.optimum import network
from benchmarks.optimum.lost_sales import INSTANCES, MEAN, Instance, optimum
from benchmarks.optimum.policies import BLOCK, WARM_UP, LeastCost, Trial
from components.policy_comparison.closed_loop import Levels
from contracts.arrays import Floats
from inventory.paired_ratio import Interval, paired_ratio
from inventory.policies import OrderUpTo

SEED = 7
BASE_STOCK, CAPPED, LEAST_COST, NETWORK = "best base stock", "best capped", "least-cost order", "network"


def compare(instance: Instance, demand: Floats, said: Levels, few: int) -> dict[str, Any]:
    """What every policy costs along the demand, relative to the best policy.

    Args:
        instance: the item.
        demand: units, [N, P].
        said: of the network, by series and review.
        few: series along which the least-cost order is judged, which takes by far the longest.
    """
    best = optimum(instance)
    interval = instance.lead_time + 1
    trial = Trial(instance, demand, on_hand=MEAN * interval)
    base_stock, of_base_stock = trial.best_base_stock(3 * MEAN * interval)
    capped, of_capped = trial.best_capped(base_stock, int(best.orders.max()) + 1)
    costs = {
        BASE_STOCK: of_base_stock,
        CAPPED: of_capped,
        LEAST_COST: Trial(instance, demand[:few], trial.on_hand).costs(LeastCost(instance))[0],
        NETWORK: trial.costs(OrderUpTo(said.up_to, said.largest))[0],
    }
    of_best = trial.costs(best)[0]
    return {
        "optimum": best.cost,
        "simulated": float(of_best.mean()),
        "base_stock": base_stock,
        "capped": capped,
        "network_level": _spread(said.up_to),
        "network_largest": _spread(said.largest),
        "above": {
            name: dataclasses.asdict(paired_ratio(values, of_best[: len(values)], seed=SEED))
            for name, values in costs.items()
        },
    }


def _spread(values: Floats) -> tuple[float, float]:
    """Mean and deviation."""
    return float(values.mean()), float(values.std())


def main() -> None:
    """Prints one table and writes results/known_optimum.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--series", type=int, default=12, help="of each instance, to learn from and to judge by"
    )
    parser.add_argument("--periods", type=int, default=800, help="to learn from")
    parser.add_argument("--blocks", type=int, default=14, help=f"of {BLOCK} periods each, to judge by")
    parser.add_argument("--rounds", type=int, default=4, help="so many times all series are judged")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="known-optimum-") as name:
        folder = Path(name)
        run = network.trained(folder, network.demands(options.series, options.periods, SEED))
        ask, space = network.network_of(run)
        periods = network.HISTORY + WARM_UP + BLOCK * options.blocks
        rounds = []
        for number in range(options.rounds):
            demand = network.demands(options.series, periods, SEED + 1 + number)
            rounds.append((demand, network.levels(ask, space, folder / f"round-{number}", demand)))
    found = {
        instance.name: compare(
            instance,
            np.concatenate([demand[instance][:, network.HISTORY :] for demand, _ in rounds]),
            Levels(
                np.concatenate([said[instance].up_to for _, said in rounds]),
                np.concatenate([said[instance].largest for _, said in rounds]),
            ),
            options.series,
        )
        for instance in INSTANCES
    }
    _show(found, options.rounds * options.blocks * options.series * BLOCK, run.taken.seconds)


def _show(found: dict[str, dict[str, Any]], periods: int, seconds: float) -> None:
    names = (BASE_STOCK, CAPPED, LEAST_COST, NETWORK)
    above = np.array([[of["above"][name]["estimate"] for name in names] for of in found.values()])
    lines = [
        [
            name,
            f"{of['optimum']:.2f}",
            f"{of['simulated']:.2f}",
            *(f"{of['above'][which]['estimate']:+.1%}" for which in names[:2]),
            *(_shown(Interval(**of["above"][which])) for which in names[2:]),
            f"{of['network_level'][0]:.1f}, {of['network_largest'][0]:.1f}",
        ]
        for name, of in found.items()
    ]
    for title, row in (("mean", above.mean(axis=0)), ("worst", above.max(axis=0))):
        lines.append([title, "", "", *(f"{value:+.2%}" for value in row), ""])
    report = Report("known_optimum")
    report.table(
        f"Cost a period and what is paid above the best policy, {periods:,} periods an instance",
        ["law, shortage, lead time", "optimum", "simulated", *names, "level, largest order"],
        lines,
    )
    worse = int((above[:, 3] > above[:, 0]).sum())
    report.note(f"the network costs more than the best base stock in {worse} of {len(found)} instances")
    report.note(
        f"the run that trained it took {seconds:.0f} s, with default settings but for lengths: windows, and 16 reviews "
        "in a row"
    )
    mean = {name: float(value) for name, value in zip(names, above.mean(axis=0), strict=True)}
    worst = {name: float(value) for name, value in zip(names, above.max(axis=0), strict=True)}
    report.write({"instances": found, "mean": mean, "worst": worst, "periods": periods})


def _shown(ratio: Interval) -> str:
    """A ratio, and half of its 95 % interval."""
    return f"{ratio.estimate:+.1%} ± {(ratio.high - ratio.low) / 2:.1%}"


if __name__ == "__main__":
    main()
