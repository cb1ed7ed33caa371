"""How far the orders on the generated retailer are from the best that is possible without knowing the future.

    python -m benchmarks.ordering.sample_bound

The pipeline runs on the sample with default settings. Then all policies go through the test period in closed loop,
judged by what customers wanted, which the files do not say, and beside them one that knows the distribution that each
day's demand was drawn from: negative binomial, of the true mean, the day's weather included, and the true dispersion.
It orders by the rule of the forecast plan, the least expected cost of the periods that an order serves.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import pandas as pd
from scipy.stats import nbinom

from benchmarks.decisions import KEYS, SEED, reviews_of, shown, true_demand
from benchmarks.harness import runs
from benchmarks.harness.report import Report
from components.policy_comparison import closed_loop
from components.policy_comparison.held_out import HeldOut
from contracts.arrays import Floats
from contracts.policies import BASE_STOCK, FORECAST_PLAN
from inventory.forecast_plan import Forecast
from inventory.paired_ratio import paired_ratio
from inventory.paths import independent_scores
from pipeline.config import Config
from pipeline.sample_data.files import write_sample_data

BOUND = "true_distribution"
LEVELS = (0.001, 0.005, *np.arange(0.01, 0.995, 0.01).tolist(), 0.995, 0.999)
"""Near enough to each other that straight lines between them are the distribution."""


def true_forecasts(
    data: Path, held: HeldOut, reviews: int, review_period: int, horizon: int
) -> list[Forecast]:
    """The distribution of the coming periods' demand at each review, the first of which is before the first period.

    Args:
        data: folder of the sample, with ``true_demand``.
        held: the series, whose P periods are the last ones of the data.
        reviews: their number.
        review_period: R.
        horizon: H. Of periods after the last the last one is told; orders for them arrive when nothing counts any more.
    """
    truth = pd.read_parquet(data / "true_demand" / "true_demand.parquet")
    rows = pd.MultiIndex.from_arrays([held.store_id, held.product_id])
    wide = truth.pivot_table(index=KEYS, columns="date", values="expected_demand")
    mean = wide.reindex(rows).to_numpy()[:, -held.demand.shape[1] :]
    dispersion = truth.groupby(KEYS)["dispersion"].first().reindex(rows).to_numpy()
    scores = independent_scores(horizon)
    found = []
    for review in range(reviews):
        ahead = np.minimum(review * review_period + np.arange(horizon), mean.shape[1] - 1)
        found.append(Forecast(LEVELS, quantiles(mean[:, ahead], dispersion[:, None]), scores))
    return found


def quantiles(mean: Floats, dispersion: Floats) -> Floats:
    """Quantiles at ``LEVELS``, units, [..., Q], of a negative binomial of variance mean + mean^2 / dispersion."""
    k = np.broadcast_to(dispersion, mean.shape)[..., None]
    return np.asarray(nbinom.ppf(LEVELS, k, k / (k + mean[..., None])), dtype=np.float64)


def measured(report: Report, folder: Path, seed: int) -> dict[str, Any]:
    """Costs of all policies on the sample of a seed, relative to the bound."""
    data = folder / "data"
    write_sample_data(data, seed=seed)
    run, config = runs.run(data, folder), Config()
    review = config.windows.review_period
    reviews, levels = reviews_of(run, config)
    held = dataclasses.replace(reviews.held, demand=true_demand(data, reviews.held))
    ours = reviews.forecasts()
    true = true_forecasts(data, held, len(ours), review, config.windows.horizon)
    simulated = closed_loop.run_policies(held, levels, review, {FORECAST_PLAN: ours, BOUND: true})
    costs = closed_loop.costs_by_series(held, simulated, levels[BASE_STOCK].up_to[:, 0], review)
    metrics = closed_loop.report(held, simulated, review, 1)
    assert run.summary.planning is not None
    plans = run.summary.planning.policy
    lines, found = [], {}
    for name, cost in sorted(costs.items(), key=lambda item: float(item[1].sum())):
        ratio = paired_ratio(cost, costs[BOUND], seed=SEED)
        fill = metrics[name]["fill_rate"] if name in metrics else None
        found[name] = {"total_cost": float(cost.sum()), "fill_rate": fill, **dataclasses.asdict(ratio)}
        lines.append(
            [
                f"{name}, by which the pair plans" if name == plans else name,
                f"{cost.sum():,.0f}",
                "" if fill is None else f"{fill:.2%}",
                "" if name == BOUND else shown(ratio),
            ]
        )
    title = f"The sample of seed {seed}, {len(held):,} series, judged by the true demand"
    report.table(title, ["policy", "cost", "fill rate", "above the bound"], lines)
    return {"series": len(held), "plans": plans, "policies": found}


def main() -> None:
    """Prints a table a seed and writes results/sample_bound.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7], help="of the samples")
    options = parser.parse_args()
    report = Report("sample_bound")
    found = {}
    for seed in options.seeds:
        with tempfile.TemporaryDirectory(prefix="sample-bound-") as name:
            found[str(seed)] = measured(report, Path(name), seed)
    report.write({"seeds": found})


if __name__ == "__main__":
    main()
