"""Forecasts and explanations of the pushed pair, for single items or for files, on the service's own path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tensorflow as tf
from pyarrow import csv

from components.errors import UserError
from components.example_generation.future import known_future
from components.example_generation.ingest import read_rows
from components.metrics_store.connections import connect
from components.metrics_store.opening import opened
from components.planning.lines import mean_demand, order_lines
from components.planning.scoring import score
from components.policy_comparison.predicting import AskRaw
from pipeline.batch import feature_space
from pipeline.config import Config
from pipeline.plan import forecast_rows, frame_of, open_orders
from pipeline.workspace import Workspace
from serving.examples import RAW_TENSORS
from serving.explaining import Explanation, explain
from serving.layout import MODELS, ServingError, read_state, stable_version
from serving.loading import LoadedModel, LoadedPair, load_pair
from serving.requests import BadRequest, answer, parse
from transforms.features import FeatureSpace

DEMAND, REPLENISHMENT = MODELS
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Prediction:
    """Of one store and product.

    Attributes:
        version: of the pair.
        as_of: the origin.
        dates: of the coming periods, [H].
        levels: of the quantiles, [Q].
        quantiles: [H, Q], units.
        explanation: of the mean forecast.
        line: the order line that a plan of this date has for the item before people's own quantities.
    """

    version: int
    as_of: date
    dates: list[date]
    levels: list[float]
    quantiles: np.ndarray
    explanation: Explanation
    line: dict[str, Any]


def predict_item(
    data: Path, workspace: Workspace, config: Config, store: str, product: str, version: int | None
) -> Prediction:
    """Forecasts one item, and says what the forecast and the order line are made of.

    Args:
        data: folder with the files of the data contract.
        workspace: with a pushed pair.
        config: the one that the pair was trained with.
        store: its id.
        product: its id.
        version: of the pair; None: the stable one.

    Raises:
        UserError: the item has no sales, or none lately; or there is no such version.
        DataRejected: the data breaks the contract.
    """
    pair = _pair(workspace, version)
    rows, _ = read_rows(data, config.data)
    as_of = int(pc.max(rows["date"]).as_py())
    item = rows.filter(pc.and_(pc.equal(rows["store_id"], store), pc.equal(rows["product_id"], product)))
    if item.num_rows == 0:
        raise UserError(f"{data}: has no sales of product {product} in store {store}; check the ids")
    space = feature_space(data, config)
    asked: list[Mapping[str, tf.Tensor]] = []
    scored = _scored(item, data, config, as_of, space, pair, asked)
    if not asked:
        raise UserError(
            f"product {product} in store {store} has no sales in the last {space.history} periods before "
            f"{_date(as_of)}, and nothing is forecast or ordered of it"
        )
    frame = frame_of(config, as_of, pair.version)
    demand = pair.models[DEMAND]
    window = {name: tensor.numpy() for name, tensor in asked[0].items()}
    quantiles = demand.ask(RAW_TENSORS, asked[0])["quantiles"][0]
    orders = np.zeros(1)
    if workspace.store.exists():
        with opened(workspace.store) as connections, connect(connections.writer) as connection:
            orders = open_orders(connection, scored, _date(as_of))
    line = order_lines(scored, mean_demand(scored, frame), orders, frame, config.plan).to_pylist()[0]
    ahead = [_date(as_of + space.period_days * step) for step in range(1, space.horizon + 1)]
    levels = [float(level) for level in config.demand_forecasting.quantiles]
    return Prediction(pair.version, _date(as_of), ahead, levels, quantiles, explain(demand, window), line)


def predict_all(data: Path, workspace: Workspace, config: Config, version: int | None, out: Path) -> int:
    """Writes the forecasts of all items to a file, CSV or Parquet; returns how many rows.

    A row: as_of, store_id, product_id, date, mean and a column a quantile level, such as quantile_0.9; units.

    Args: as of ``predict_item``; out: the file.

    Raises: as ``predict_item``.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise UserError(f"{out}: name a file that ends with .csv or .parquet")
    pair = _pair(workspace, version)
    rows, _ = read_rows(data, config.data)
    as_of = int(pc.max(rows["date"]).as_py())
    scored = _scored(rows, data, config, as_of, feature_space(data, config), pair, [])
    frame = frame_of(config, as_of, pair.version)
    table = forecast_rows(scored, mean_demand(scored, frame), frame)
    place = table.column_names.index("quantiles")
    levels = table["quantiles"].combine_chunks()
    table = table.remove_column(place)
    for i, level in enumerate(frame.levels):
        table = table.append_column(f"quantile_{level:g}", pc.list_element(levels, i))
    aside = out.with_name(f".{out.name}.new")
    write = csv.write_csv if out.suffix == ".csv" else pq.write_table
    try:
        write(table, aside)
        aside.replace(out)
    except OSError as error:
        raise UserError(
            f"{out}: cannot be written ({error}); name a file in a folder that you may write to"
        ) from error
    return int(table.num_rows)


def predict_instances(file: Path, workspace: Workspace, model: str, version: int | None) -> bytes:
    """Answers a request of TensorFlow Serving's REST predict API from a file, as the service would.

    Args:
        file: with the request's body.
        workspace: with a pushed pair.
        model: its name.
        version: of the pair; None: the stable one.

    Raises:
        UserError: the file cannot be read, or the request cannot be answered.
    """
    try:
        body = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror}); give an existing file") from error
    loaded = _pair(workspace, version).models[model]
    try:
        request = parse(body, loaded.space, needs_interval=model == REPLENISHMENT)
    except BadRequest as error:
        raise UserError(f"{file}: {error}") from error
    return answer(loaded.ask(request.signature, request.inputs), request.by_row)


def _pair(workspace: Workspace, version: int | None) -> LoadedPair:
    root = workspace.serving
    stable = stable_version(root)
    kept = read_state(root).kept
    if version is not None and version not in kept:
        raise ServingError(f"version {version} is not kept; kept are: {', '.join(map(str, kept))}")
    return load_pair(root, version or stable)


def _scored(
    rows: pa.Table,
    data: Path,
    config: Config,
    as_of: int,
    space: FeatureSpace,
    pair: LoadedPair,
    asked: list[Mapping[str, tf.Tensor]],
) -> pa.Table:
    """What a plan knows of the rows' series; the windows that the demand model was asked about go to ``asked``."""
    if space != pair.models[DEMAND].space:
        raise UserError(
            f"{data}: with this configuration its windows have other features than the pair was trained with; use the "
            "--config and the external columns of its run"
        )

    def demand(windows: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        asked.append(windows)
        return _signature(pair.models[DEMAND])(windows)

    models: dict[str, AskRaw] = {
        "demand_model": demand,
        "replenishment_model": _signature(pair.models[REPLENISHMENT]),
    }
    return score(rows, known_future(data, config.data), as_of, space, config.windows, models)


def _signature(model: LoadedModel) -> AskRaw:
    return lambda windows: dict(model.signatures[RAW_TENSORS](**windows))


def _date(days: int) -> date:
    return _EPOCH + timedelta(days)
