"""The vectorised simulation beside a plain Python loop over items and periods: seconds for one policy on one core.

    python -m benchmarks.simulation --series 10000 --periods 365

The plain loop runs a part of the series, and its time is taken times the rest.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from benchmarks.harness.report import Report
from contracts.arrays import Floats
from inventory.policies import OrderUpTo
from inventory.simulation import Supply, simulate

REVIEW = 7
_PLAIN_SERIES = 50


def plain(demand: Floats, level: Floats, lead: Floats, pack: Floats, stock: Floats) -> list[float]:
    """The same policy item by item and period by period; returns what each item sold."""
    sold = []
    for item in range(len(demand)):
        on_hand, units = float(stock[item]), 0.0
        open_orders: list[tuple[int, float]] = []
        for now, wanted in enumerate(demand[item]):
            on_hand += sum(quantity for due, quantity in open_orders if due == now)
            open_orders = [(due, quantity) for due, quantity in open_orders if due > now]
            served = min(on_hand, wanted)
            on_hand -= served
            units += served
            if (now + 1) % REVIEW == 0 and now < demand.shape[1] - 1:
                need = level[item] - on_hand - sum(quantity for _, quantity in open_orders)
                if need > 0:
                    open_orders.append((now + lead[item] + 1, -(-need // pack[item]) * pack[item]))
        sold.append(units)
    return sold


def main() -> None:
    """Prints one table and writes results/simulation.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--periods", type=int, default=365)
    options = parser.parse_args()
    rng = np.random.default_rng(7)
    demand = rng.poisson(3, (options.series, options.periods)).astype(float)
    level = rng.integers(30, 80, options.series).astype(float)
    lead, pack = rng.integers(0, 8, options.series), rng.integers(1, 12, options.series)
    began = time.perf_counter()
    run = simulate(demand, OrderUpTo(level), Supply(lead, pack), REVIEW, initial_on_hand=level)
    ours = time.perf_counter() - began
    part = min(_PLAIN_SERIES, options.series)
    began = time.perf_counter()
    sold = plain(*(values[:part] for values in (demand, level, lead, pack, level)))
    theirs = (time.perf_counter() - began) * options.series / part
    if not np.allclose(run.sales[:part].sum(axis=1), sold):
        raise RuntimeError("The two simulations disagree.")
    report = Report("simulation")
    report.table(
        f"Simulation of one policy, {options.series:,} series x {options.periods} periods",
        ["", "seconds"],
        [
            ["vectorised", f"{ours:.2f}"],
            [f"plain loop, from {part} series", f"{theirs:.2f}"],
            ["ratio", f"{theirs / ours:.0f}x"],
        ],
    )
    results = {"series": options.series, "periods": options.periods, "seconds": ours, "plain_seconds": theirs}
    report.write(results)


if __name__ == "__main__":
    main()
