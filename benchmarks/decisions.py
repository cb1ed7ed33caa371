"""What the orders cost: every policy in closed loop on FreshRetailNet, and what knowing of stock-outs is worth.

    python -m benchmarks.decisions --data small.parquet

The first table is the simulation that the model gate judges by, over the held-out days. Beside it stands a base-stock
policy that scales the sales of partly stocked days up, as the replenishment model's labels are, and the forecast plans
of LightGBM with two losses, which know what our models know: the forecast at each review, with the spread of its errors
in the week before, and the same orders of least expected cost.

The second table is on generated data, where the demand that the shop lost is known: one pair learns from the files as
they are, the other from the same files with every day marked as stocked, as a system would that takes sales for demand.
Both are judged by the true demand of the test period, from the same stock. Discounts, activities and holidays to come
are known to the models, as they are to the peers in the tables of accuracy, and weather is not; the base-stock policies
look back alone. LightGBM runs in .venv-peers (`make bench-setup`).
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.arena.cell import PEERS_PYTHON, Cell
from benchmarks.arena.sets import SETS
from benchmarks.arena.tasks import SEPARATOR, Source
from benchmarks.harness import forecast_errors, freshretailnet_runs, runs
from benchmarks.harness.report import Report
from components.policy_comparison import closed_loop
from components.policy_comparison.closed_loop import Levels
from components.policy_comparison.executor import answers
from components.policy_comparison.held_out import HeldOut
from components.policy_comparison.predicting import load, parse
from components.policy_comparison.reviews import Paths, Reviews, join_reviews
from components.windowing.baselines import base_stock_levels
from components.windowing.cutting import recovered
from contracts import files, nodes
from contracts.arrays import Arrays, Floats
from contracts.models import DEMAND, REPLENISHMENT
from contracts.policies import BASE_STOCK, FORECAST_PLAN, MODEL
from contracts.splits import DECISION_POINTS, split_folder
from inventory.forecast_plan import Forecast
from inventory.paired_ratio import Interval, paired_ratio
from pipeline.config import Config, load_config
from pipeline.sample_data.files import write_sample_data
from trainers.dataset import matching_files, records
from transforms.features import FeatureSpace

KEYS = ["store_id", "product_id"]
SEED = 7
_BATCH = 1024
SCALED_BASE_STOCK = "base_stock_scaled"
PEERS = {"lightgbm_l1_forecast_plan": "lightgbm_l1", "lightgbm_tweedie_forecast_plan": "lightgbm_tweedie"}
"""Policy to the method by whose forecasts it orders."""
_LEVELS = (MODEL, BASE_STOCK, SCALED_BASE_STOCK)


def public(report: Report, source: Path, folder: Path, series: int | None) -> dict[str, Any]:
    """Cost and fill rate of every policy over the held-out days of FreshRetailNet."""
    part = folder / "part.parquet"
    count, _ = freshretailnet_runs.part(source, part, series, 0)
    run = freshretailnet_runs.run(part, folder)
    config = load_config(folder / "config.yaml")
    review = config.windows.review_period
    reviews, levels = reviews_of(run, config)
    held = reviews.held
    forecasts = {FORECAST_PLAN: reviews.forecasts(), **peer_forecasts(folder, held)}
    simulated = closed_loop.run_policies(held, levels, review, forecasts)
    costs = closed_loop.costs_by_series(held, simulated, levels[BASE_STOCK].up_to[:, 0], review)
    assert run.summary.planning is not None
    plans = run.summary.planning.policy
    others = {MODEL, FORECAST_PLAN, BASE_STOCK, SCALED_BASE_STOCK, *PEERS} - {plans}
    ratios = {other: paired_ratio(costs[plans], costs[other], seed=SEED) for other in sorted(others)}
    metrics = closed_loop.report(held, simulated, review, 1)
    judged = {name: found.model_dump() for name, found in run.summary.simulation.items()}
    if not np.isclose(metrics[MODEL]["total_cost"], judged[MODEL]["total_cost"]):
        raise RuntimeError("The simulation is not the one that the model gate judged by.")
    policies = {
        name: {key: found[key] for key in ("total_cost", "fill_rate", "holding_cost", "shortage_cost")}
        for name, found in {**judged, **metrics}.items()
    }
    lines = [
        [
            name,
            f"{found['total_cost']:,.0f}",
            "" if found["fill_rate"] is None else f"{found['fill_rate']:.2%}",
        ]
        for name, found in sorted(policies.items(), key=lambda item: item[1]["total_cost"])
    ]
    report.table(f"FreshRetailNet, {count:,} series, closed loop", ["policy", "cost", "fill rate"], lines)
    for other, ratio in ratios.items():
        report.note(f"{plans}, by which the pair plans, against {other}: {shown(ratio)}")
    return {
        "series": count,
        "policies": policies,
        "plans": plans,
        "against": {other: dataclasses.asdict(ratio) for other, ratio in ratios.items()},
    }


def peer_forecasts(folder: Path, held: HeldOut) -> dict[str, list[Forecast]]:
    """What LightGBM says at each review, by policy, from the files of the run, which lie in ``data``."""
    source, data = Source.read(folder / "data"), SETS["freshretailnet"]
    days = held.demand.shape[1]
    origin = source.sales["date"].max() - pd.Timedelta(days=days)
    cell = Cell(data, str(origin.date()), folder / "data", folder / "peer")
    cell.prepare(source)
    cell.forecast([*PEERS.values()])
    keys = zip(held.store_id, held.product_id, strict=True)
    ids = pd.Index([f"{store}{SEPARATOR}{product}" for store, product in keys])
    found = {policy: cell.forecasts(method, ids) for policy, method in PEERS.items()}
    # Orders of the reviews after these arrive after the last day.
    return {policy: said + said[-1:] * (days - len(said)) for policy, said in found.items()}


def shown(ratio: Interval) -> str:
    """A ratio with its interval, in words that a table can hold."""
    return f"{ratio.estimate:+.1%} ({ratio.low:+.1%} to {ratio.high:+.1%})"


def unmasked(data: Path, target: Path) -> Path:
    """The same files with every day marked as stocked."""
    shutil.copytree(data, target)
    sales = pd.read_csv(target / "sales_data.csv", dtype=str)
    sales["in_stock"] = "1"
    sales.to_csv(target / "sales_data.csv", index=False)
    return target


def reviews_of(run: runs.Run, config: Config) -> tuple[Reviews, dict[str, Levels]]:
    """The test period as the run saw it, and the order-up-to levels of its models and peers."""
    space = FeatureSpace.from_json((run.windows / "feature_space.json").read_text())
    models = {
        DEMAND: load(str(run.model(nodes.TRAINERS[DEMAND]))),
        REPLENISHMENT: load(str(run.model(nodes.TRAINERS[REPLENISHMENT]))),
    }
    batches = list(
        records(matching_files(str(run.windows / split_folder(DECISION_POINTS) / "*"))).batch(_BATCH)
    )
    asked = answers(iter(batches), space.decision_features(), models)
    scaled = [
        base_stock_levels(scaled_up(parse(batch, space.model_inputs())), config.windows.base_stock_periods)
        for batch in batches
    ]
    asked[SCALED_BASE_STOCK] = np.concatenate(scaled)
    rows = pq.read_table(run.windows / files.TEST_PERIOD)
    assert run.summary.planning is not None
    correlation = run.summary.planning.correlation
    paths = Paths.of(config.demand_forecasting.quantiles, correlation, space.horizon)
    reviews = Reviews.of(rows, asked, paths, space.period_days)
    _, scaled_up_levels = join_reviews(
        rows, asked, [BASE_STOCK, SCALED_BASE_STOCK], config.windows.review_period, space.period_days
    )
    levels = {name: reviews.levels(name) for name in (MODEL, BASE_STOCK)}
    return reviews, levels | {SCALED_BASE_STOCK: Levels(scaled_up_levels[SCALED_BASE_STOCK])}


def scaled_up(windows: Arrays) -> Arrays:
    """The windows with the sales of partly stocked days divided by the share of the day with stock."""
    units, mask = recovered(windows["history_units"], windows["history_in_stock"])
    return {**windows, "history_units": units, "history_in_stock": mask.astype(np.float32)}


def true_demand(data: Path, held: HeldOut) -> Floats:
    """What customers wanted in the test period, units, in the order of ``held``, [N, P]."""
    truth = pd.read_parquet(data / "true_demand" / "true_demand.parquet")
    wide = truth.pivot_table(index=KEYS, columns="date", values="demand")
    periods = held.demand.shape[1]
    return wide.loc[list(zip(held.store_id, held.product_id, strict=True))].to_numpy()[:, -periods:]


def censoring(report: Report, folder: Path, stores: int, products: int) -> dict[str, Any]:
    """The worth of knowing when a shelf was empty, against the true demand of generated data."""
    data = folder / "masked" / "data"
    write_sample_data(data, stores=stores, products=products, periods=730, seed=SEED)
    truth = pd.read_parquet(data / "true_demand" / "true_demand.parquet")
    truth = truth.rename(columns={"demand": "units"}).assign(date=pd.to_datetime(truth["date"]), stocked=1.0)
    sales = pd.read_csv(data / "sales_data.csv", parse_dates=["date"])
    truth = truth.merge(sales[[*forecast_errors.KEYS, "in_stock"]], on=forecast_errors.KEYS)
    review = Config().windows.review_period
    found: dict[str, Any] = {}
    costs: dict[str, Floats] = {}
    held = None
    for name in ("with the mask", "without it"):
        place = data if held is None else unmasked(data, folder / "unmasked" / "data")
        run = runs.run(place, place.parent)
        forecast, _ = runs.forecasts(run, place.parent / "forecast.parquet")
        # The newest origin of each day: overlapping horizons would count it twice.
        forecast = forecast.drop_duplicates(forecast_errors.KEYS, keep="last")
        ahead = truth.merge(forecast[forecast_errors.KEYS], on=forecast_errors.KEYS)
        reviews, levels = reviews_of(run, Config())
        seen = reviews.held
        if held is None:
            held = dataclasses.replace(seen, demand=true_demand(data, seen))
        elif not np.array_equal(seen.product_id, held.product_id):
            raise RuntimeError("The two runs simulate different series.")
        simulated = closed_loop.run_policies(held, levels, review, {FORECAST_PLAN: reviews.forecasts()})
        policies = closed_loop.report(held, simulated, review, 1)
        assert run.summary.planning is not None
        plans = run.summary.planning.policy
        costs[name] = closed_loop.costs_by_series(held, simulated, levels[BASE_STOCK].up_to[:, 0], review)[
            plans
        ]
        days = {"all days": ahead, "days with a stock-out": ahead[ahead["in_stock"] < 1]}
        found[name] = {
            "status": run.summary.status,
            "errors": {
                which: forecast_errors.metrics(
                    forecast_errors.sums(
                        part[[*forecast_errors.KEYS, "units", "stocked"]],
                        forecast[[*forecast_errors.KEYS, "demand"]],
                    )
                )
                for which, part in days.items()
            },
            "policies": {
                policy: {key: policies[policy][key] for key in ("total_cost", "fill_rate")}
                for policy in (*_LEVELS, FORECAST_PLAN)
            },
            "plans": plans,
        }
    ratio = paired_ratio(costs["with the mask"], costs["without it"], seed=SEED)
    assert held is not None
    lines = []
    for name, of_model in found.items():
        everywhere, out = of_model["errors"].values()
        lines.append(
            [
                name,
                f"{everywhere['wape']:.4f}",
                f"{everywhere['bias']:+.1%}",
                f"{out['bias']:+.1%}",
                f"{of_model['policies'][of_model['plans']]['total_cost']:,.0f}",
                f"{of_model['policies'][of_model['plans']]['fill_rate']:.2%}",
            ]
        )
    report.table(
        f"Generated data, {len(held):,} series, judged by the true demand",
        ["trained", "WAPE", "bias", "bias, stocked out", "cost of the pair's orders", "fill rate"],
        lines,
    )
    report.note(f"the mask changes the cost by {shown(ratio)}")
    return {"series": len(held), "trained": found, "mask_changes_cost": dataclasses.asdict(ratio)}


def main() -> None:
    """Prints two tables and writes results/decisions.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--data", type=Path, help="FreshRetailNet as Parquet; without it, the second table alone"
    )
    parser.add_argument("--series", type=int, help="so many of its series, drawn at random; all without it")
    parser.add_argument("--stores", type=int, default=4, help="of the generated data")
    parser.add_argument("--products", type=int, default=60, help="of the generated data")
    options = parser.parse_args()
    if options.data is not None and not PEERS_PYTHON.exists():
        parser.exit(2, "The peers' environment is missing: run `make bench-setup`\n")
    report = Report("decisions")
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="decisions-") as name:
        folder = Path(name)
        if options.data is not None:
            (folder / "public").mkdir()
            results["freshretailnet"] = public(report, options.data, folder / "public", options.series)
        results["generated"] = censoring(report, folder, options.stores, options.products)
    report.write(results)


if __name__ == "__main__":
    main()
