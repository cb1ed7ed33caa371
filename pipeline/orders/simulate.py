"""The pushed pair against the classical policies on a folder of data, and what other service levels would cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import orjson
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from components.example_generation.folder import read_prepared
from components.example_generation.ingest import prepare
from components.policy_comparison import closed_loop
from components.policy_comparison.executor import answers, join_reviews
from components.policy_comparison.held_out import HeldOut
from components.policy_comparison.predicting import ASKED_AT_ONCE, Ask, load
from components.windowing.cutting import Shard, Windows
from components.windowing.encoding import encode
from components.windowing.following import lent_among
from components.windowing.serving import with_known_future
from components.windowing.splits import decision_origins
from contracts.arrays import Floats
from contracts.durable import replace_file
from contracts.errors import UserError
from contracts.models import MODELS, REPLENISHMENT
from contracts.policies import BASE_STOCK, CLAIRVOYANT, MODEL, QUANTILE_PLAN
from inventory.metrics import metrics
from inventory.policies import OrderUpTo
from pipeline.config import Config
from pipeline.inputs.batch import pair_space
from pipeline.inputs.notes import OnRead, non_empty
from pipeline.inputs.pair import check_settings, pushed_version
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
        had to be estimated), ``policies`` (metrics by policy) and ``frontier`` (metrics of the replenishment model at
        other service levels).

    Raises:
        UserError: the workspace has no pushed pair, or one of other settings or columns; no series spans the periods.
        DataRejected: the data breaks the contract.
    """
    version = pushed_version(workspace)
    settings_note = check_settings(workspace, version, config)
    prepared = prepare(data, config.data)
    space = pair_space(workspace.serving, version, prepared, config)
    models = {model: load(str(model_folder(workspace.serving, version, model))) for model in MODELS}
    read = read_prepared(prepared)
    on_read(read.report)
    rows = read.rows
    features = space.decision_features()
    last = int(pc.max(rows["date"]).as_py())
    origins = decision_origins(last, config.windows, space.period_days)
    lent = lent_among(lambda: [rows], read.small.products, space, config.windows)
    continued, _ = with_known_future(rows, read.future, space, last)
    parts = list(Shard(continued, space, config.windows, lent).decision_points(origins))
    if not parts:
        raise UserError(
            f"{data}: no series has the {config.windows.minimum_history} periods of history that it needs"
        )
    windows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    found = answers(_batches(windows, features), features, models, config.demand_forecasting.quantiles)
    review = config.windows.review_period
    policies = (MODEL, QUANTILE_PLAN, BASE_STOCK)
    held, levels = join_reviews(rows, found, policies, review, space.period_days)
    if not len(held):
        raise UserError(
            f"{data}: no series has rows from the period before the last {config.windows.test_periods} on"
        )
    runs = closed_loop.run_policies(held, levels, review)
    base = levels[BASE_STOCK]
    bound = closed_loop.costs_by_series(held, {}, base[:, 0], review)[CLAIRVOYANT]
    simulated = {
        "first_date": int(origins[0]),
        "last_date": last,
        "series": len(held),
        "estimated": float(held.estimated.mean()),
        "policies": closed_loop.report(held, runs, review, space.period_days)
        | {CLAIRVOYANT: {"total_cost": float(bound.sum())}},
        "frontier": [
            _at_service_level(
                level, windows, features, models[REPLENISHMENT], rows, held, base, review, space.period_days
            )
            for level in SERVICE_LEVELS
        ],
    }
    # As JSON has it: a metric that nothing is known of, such as stock value without unit costs, is null.
    figures: dict[str, Any] = orjson.loads(orjson.dumps(simulated, option=orjson.OPT_SERIALIZE_NUMPY))
    return figures, non_empty(settings_note)


def _at_service_level(
    ratio: float,
    windows: Windows,
    features: Sequence[Feature],
    replenishment: Ask,
    rows: Any,
    held: HeldOut,
    base: Floats,
    review: int,
    period_days: int,
) -> dict[str, float]:
    """Metrics of the model when every item is asked for this critical ratio; the costs charged stay the true ones."""
    asked = windows | {"shortage_cost": windows["holding_cost"] * np.float32(ratio / (1 - ratio))}
    levels = [replenishment(batch)["order_up_to_level"].numpy() for batch in _batches(asked, features)]
    at_ratio = {name: windows[name] for name in ("store_id", "product_id", "origin")}
    at_ratio[BASE_STOCK] = windows["base_stock_level"]
    at_ratio[MODEL] = np.concatenate(levels)
    _, level = join_reviews(rows, at_ratio, (MODEL, BASE_STOCK), review, period_days)
    start = closed_loop.start_of(held, base[:, 0], review)
    run = closed_loop.run_policy(held, OrderUpTo(level[MODEL]), start, review)
    return {"service_level": ratio, **metrics(run, closed_loop.money_of(held), review, period_days)}


def _batches(windows: Mapping[str, NDArray[Any]], features: Sequence[Feature]) -> Iterator[tf.Tensor]:
    examples = list(encode([dict(windows)], features))
    for begin in range(0, len(examples), ASKED_AT_ONCE):
        yield tf.constant(examples[begin : begin + ASKED_AT_ONCE])


def write_simulation(found: Mapping[str, Any], workspace: Workspace) -> Path:
    """Writes the metrics whole or not at all; returns the file."""
    folder = workspace.root / "reports"
    folder.mkdir(parents=True, exist_ok=True)
    return replace_file(folder / "simulation.json", json.dumps(found, indent=1, allow_nan=False))
