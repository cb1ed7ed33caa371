"""The pushed pair against the classical policies on a folder of data, and what other service levels would cost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from components.example_generation.folder import read_prepared
from components.example_generation.ingest import prepare
from components.example_generation.joining.products import all_order_weekdays, by_store
from components.policy_comparison import closed_loop
from components.policy_comparison.executor import answers
from components.policy_comparison.predicting import ASKED_AT_ONCE, load
from components.policy_comparison.reviews import Paths, Reviews
from components.windowing.cutting import Shard, Windows
from components.windowing.encoding import encode
from components.windowing.following import lent_among
from components.windowing.serving import with_known_future
from components.windowing.splits import decision_origins
from contracts.arrays import Arrays
from contracts.columns import ORDER_WEEKDAYS
from contracts.durable import replace_file
from contracts.errors import UserError
from contracts.models import MODELS, REPLENISHMENT
from contracts.policies import BASE_STOCK, CLAIRVOYANT, FORECAST_PLAN, MODEL, Planned
from inventory.forecast_plan import ForecastPlan
from inventory.metrics import metrics
from inventory.policies import OrderUpTo
from inventory.simulation import Policy
from inventory.suppliers.order_days import longest_gap
from pipeline.config import Config
from pipeline.inputs.batch import pair_space
from pipeline.inputs.notes import OnRead, non_empty
from pipeline.inputs.pair import check_settings, planning_of, pushed_version
from pipeline.workspace import Workspace
from serving.directory.layout import model_folder
from transforms.features import Feature

SERVICE_LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)


def simulate_pair(
    data: Path, workspace: Workspace, config: Config, on_read: OnRead
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Runs every policy through the last ``windows.test_periods`` of the data.

    The models may have learned from these very periods; only the run that trained them judged them on unseen ones.

    Returns:
        The simulation, and notes of our own. The simulation is ``first_date`` and ``last_date``
        (exclusive and inclusive, days since 1970-01-01), ``series``, ``estimated`` (share of the periods whose demand
        had to be estimated), ``policies`` (metrics by policy), and ``frontier`` (metrics at other service levels) with
        the policy that it is of, ``frontier_of``: the one by which the pair plans, and in place of base stock the
        forecast plan.

    Raises:
        UserError: the workspace has no pushed pair, or one of other settings or columns; no series spans the periods.
        DataRejected: the data breaks the contract.
    """
    version = pushed_version(workspace)
    settings_note = check_settings(workspace, version, config)
    prepared = prepare(data, config.data, config.windows.review_period)
    space = pair_space(workspace.serving, version, prepared, config)
    models = {model: load(str(model_folder(workspace.serving, version, model))) for model in MODELS}
    read = read_prepared(prepared)
    on_read(read.report)
    rows = read.rows
    features = space.decision_features()
    last = int(pc.max(rows["date"]).as_py())
    taken = all_order_weekdays(by_store(read.small.products, ORDER_WEEKDAYS))
    origins = decision_origins(last, config.windows, space.period_days, taken)
    lent = lent_among(lambda: [rows], read.small.products, space, config.windows)
    continued, _ = with_known_future(rows, read.future, space, last)
    parts = list(Shard(continued, space, config.windows, lent).reviews(origins))
    if not parts:
        raise UserError(
            f"{data}: no series has the {config.windows.minimum_history} periods of history that it needs"
        )
    windows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def levels_of(given: Windows) -> Arrays:
        return answers(_batches(given, features), features, {REPLENISHMENT: models[REPLENISHMENT]})

    planning = planning_of(workspace, version)
    paths = Paths.of(config.demand_forecasting.quantiles, planning.correlation, space.horizon)
    found = answers(_batches(windows, features), features, models)
    reviews = Reviews.of(rows, found, paths, space.period_days, config.windows.review_period)
    held = reviews.held
    if not len(held):
        raise UserError(
            f"{data}: no series has rows from the period before the last {config.windows.test_periods} on"
        )
    runs = reviews.run(planning.policy)
    frontier_of: Planned = MODEL if planning.policy == MODEL else FORECAST_PLAN
    bound = reviews.costs({})[CLAIRVOYANT]
    simulated = {
        "first_date": int(origins[0]),
        "last_date": last,
        "series": len(held),
        "estimated": float(held.estimated.mean()),
        "policies": closed_loop.report(held, runs, reviews.review_period, space.period_days)
        | {CLAIRVOYANT: {"total_cost": float(bound.sum())}},
        "frontier_of": frontier_of,
        "frontier": [
            {
                "service_level": level,
                **_at_service_level(level, reviews, frontier_of, levels_of, windows, rows, space.period_days),
            }
            for level in SERVICE_LEVELS
        ],
    }
    # As JSON has it: a metric that nothing is known of, such as stock value without unit costs, is null.
    figures: dict[str, Any] = orjson.loads(orjson.dumps(simulated, option=orjson.OPT_SERIALIZE_NUMPY))
    return figures, non_empty(settings_note)


def _at_service_level(
    ratio: float,
    reviews: Reviews,
    policy_of: Planned,
    levels_of: Callable[[Windows], Arrays],
    windows: Windows,
    rows: pa.Table,
    period_days: int,
) -> dict[str, float]:
    """Metrics of a policy's orders when every item is asked for this critical ratio; the costs charged stay true."""
    held, review_period = reviews.held, reviews.review_period
    policy: Policy
    if policy_of == MODEL:
        cycles = windows["review_period"].astype(np.float32)
        shortage = windows["holding_cost"] * cycles * np.float32(ratio / (1 - ratio))
        found = levels_of(windows | {"shortage_cost": shortage})
        at_ratio = Reviews.of(rows, found, reviews.paths, period_days, review_period)
        policy = closed_loop.in_time(OrderUpTo(*at_ratio.levels(MODEL)), held)
    else:
        cycle = longest_gap(held.order_weekdays, review_period)
        asked_for = replace(held, shortage_cost=held.holding_cost * cycle * ratio / (1 - ratio))
        policy = ForecastPlan(reviews.forecasts(), closed_loop.terms_of(asked_for))
    start = closed_loop.start_of(held, reviews.asked[BASE_STOCK][:, 0], review_period)
    policy = closed_loop.settling(policy, reviews.forecasts(), held)
    run = closed_loop.run_policy(held, policy, start, review_period)
    return metrics(run, closed_loop.money_of(held), review_period, period_days)


def _batches(windows: Mapping[str, NDArray[Any]], features: Sequence[Feature]) -> Iterator[tf.Tensor]:
    examples = list(encode([dict(windows)], features))
    for begin in range(0, len(examples), ASKED_AT_ONCE):
        yield tf.constant(examples[begin : begin + ASKED_AT_ONCE])


def write_simulation(found: Mapping[str, Any], workspace: Workspace) -> Path:
    """Writes the metrics whole or not at all; returns the file."""
    folder = workspace.root / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return replace_file(folder / "simulation.json", json.dumps(found, indent=1, allow_nan=False))
