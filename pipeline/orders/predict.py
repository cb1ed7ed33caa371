"""Forecasts and explanations of the pushed pair, for single items or for files, on the service's own path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tensorflow as tf
from numpy.typing import NDArray
from pyarrow import csv

from components.example_generation.folder import Read, read_prepared
from components.example_generation.ingest import prepare
from components.policy_comparison.predicting import AskRaw
from components.windowing.following import lent_among
from contracts.columns import MINIMUM_ORDER_VALUE, quantile_column
from contracts.dates import to_date
from contracts.durable import replacing
from contracts.errors import UserError, cannot
from contracts.models import DEMAND, REPLENISHMENT
from contracts.rows import floats
from pipeline.config import Config
from pipeline.inputs.as_of import settle_as_of
from pipeline.inputs.batch import pair_space
from pipeline.inputs.notes import OnRead, non_empty
from pipeline.inputs.pair import check_settings, planning_of, pushed_version
from pipeline.orders.canary_stores import canary_stores
from pipeline.orders.forecast_rows import forecast_rows
from pipeline.orders.planning.frame import frame_of
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.on_sale import on_sale
from pipeline.orders.planning.position import no_orders, stale_stock, stock_position
from pipeline.orders.planning.promoted import promoted
from pipeline.orders.planning.scoring import score
from pipeline.orders.planning.storing import open_orders
from pipeline.workspace import Workspace
from serving.directory.layout import ServingError, read_state
from serving.directory.loading import LoadedModel, LoadedPair, load_pair
from serving.examples import RAW_TENSORS
from serving.explaining import Explanation, explain
from serving.promotions import PromotionEffect, promotion_effect
from serving.service.arrays import BadRequest
from serving.service.requests import answer, parse
from store.connections import connect
from store.opening import choose, opened
from transforms.features import FeatureSpace


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
        promotion: what planned promotions add; None where none is planned.
        line: the order line that a plan of this date has for the item before people's own quantities, and before the
            order that it is of is held against its supplier's least value.
        notes: what is to be said besides.
    """

    version: int
    as_of: date
    dates: list[date]
    levels: list[float]
    quantiles: NDArray[Any]
    explanation: Explanation
    promotion: PromotionEffect | None
    line: dict[str, Any]
    notes: tuple[str, ...]


def predict_item(
    data: Path,
    workspace: Workspace,
    config: Config,
    store: str,
    product: str,
    version: int | None,
    on_read: OnRead,
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
    ready = _make_ready(data, workspace, config, version, on_read)
    config, space, as_of, rows = ready.config, ready.space, ready.as_of, ready.read.rows
    item = rows.filter(pc.and_(pc.equal(rows["store_id"], store), pc.equal(rows["product_id"], product)))
    if item.num_rows == 0:
        raise UserError(
            f"{data}: has no sales of product {product} in store {store}, so that nothing is forecast; check the ids, "
            "or see its line in a plan, which has one where there is stock, an override or a predecessor"
        )
    asked: list[Mapping[str, tf.Tensor]] = []
    scored = _scored(item, ready, asked)
    if not asked:
        raise UserError(
            f"product {product} in store {store} has no sales in the last {space.history} periods before "
            f"{to_date(as_of)}, and nothing is forecast or ordered of it"
        )
    frame = frame_of(config, as_of, ready.pair.version, planning_of(workspace, ready.pair.version))
    demand = ready.pair.models[DEMAND]
    window = {name: tensor.numpy() for name, tensor in asked[0].items()}
    quantiles = demand.ask(RAW_TENSORS, asked[0])["quantiles"][0]
    orders = no_orders()
    # A workspace without plans has no store yet, and a question is no reason to make one.
    if config.store_address is not None or workspace.store.exists():
        choose(workspace.store, config.store_address)
        with opened(workspace.store) as connections, connect(connections.writer) as connection:
            orders = open_orders(connection, frame, config.plan)
    position = stock_position(scored, orders, frame, config.plan)
    to_order = on_sale(scored, mean_demand(scored, frame), ready.read.small.products, frame)
    line = order_lines(*to_order, position, frame, config.plan, whole=False).to_pylist()[0]
    ahead = [to_date(as_of + space.period_days * step) for step in range(1, space.horizon + 1)]
    levels = [float(level) for level in config.demand_forecasting.quantiles]
    alone = ""
    if (floats(scored[MINIMUM_ORDER_VALUE]) > 0).any():
        alone = f"the {MINIMUM_ORDER_VALUE} of its supplier goes by all lines of an order: see a plan"
    other = _other_pair(ready, workspace, store) if version is None else ""
    notes = (*ready.notes, stale_stock(scored, frame, config.plan), alone, other)
    explanation, promotion = explain(demand, window), promotion_effect(demand, window)
    return Prediction(
        ready.pair.version,
        to_date(as_of),
        ahead,
        levels,
        quantiles,
        explanation,
        promotion,
        line,
        non_empty(*notes),
    )


def _other_pair(ready: _Ready, workspace: Workspace, store: str) -> str:
    """That a plan orders for this store by the challenger; empty where it does not."""
    share = ready.config.promotion.canary_stores
    challenger = read_state(workspace.serving).canary if share else None
    if challenger is None:
        return ""
    stores = {
        name
        for table in (ready.read.rows, ready.read.stock)
        for name in pc.unique(table["store_id"]).to_pylist()
    }
    if store not in canary_stores(stores, share, challenger):
        return ""
    return (
        f"a plan orders for {store} by the challenger, pair {challenger} (promotion.canary_stores); this is of pair "
        f"{ready.pair.version}: --version {challenger} says what the challenger does"
    )


def predict_all(
    data: Path, workspace: Workspace, config: Config, version: int | None, out: Path, on_read: OnRead
) -> tuple[int, tuple[str, ...]]:
    """Writes the forecasts of all items to a file, CSV or Parquet; returns how many rows, and what there is to say.

    A row: as_of, store_id, product_id, date, mean, on_promotion (whether one is planned), promotion_units (what it
    adds to the mean) and a column a quantile level, such as quantile_0.9; units.

    Args: as of ``predict_item``; out: the file.

    Raises: as ``predict_item``.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise UserError(f"{out}: name a file that ends with .csv or .parquet")
    if not out.parent.is_dir():
        raise UserError(f"{out.parent}: is no folder; make it, or name a file in another")
    ready = _make_ready(data, workspace, config, version, on_read)
    scored = _scored(ready.read.rows, ready, [])
    planning = planning_of(workspace, ready.pair.version)
    frame = frame_of(ready.config, ready.as_of, ready.pair.version, planning)
    table = forecast_rows(scored, mean_demand(scored, frame), frame, ready.read.future.plan)
    index = table.column_names.index("quantiles")
    levels = table["quantiles"].combine_chunks()
    table = table.remove_column(index)
    for i, level in enumerate(frame.levels):
        table = table.append_column(quantile_column(level), pc.list_element(levels, i))
    write = csv.write_csv if out.suffix == ".csv" else pq.write_table
    try:
        with replacing(out) as temporary:
            write(table, str(temporary))
    except OSError as error:
        remedy = "name a file in a folder that is there and that you may write to"
        raise cannot(error, f"{out}: cannot be written", remedy, UserError) from error
    planned = promoted(table)
    return int(table.num_rows), non_empty(*ready.notes, str(planned) if planned else "")


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
        raise cannot(error, f"{file}: cannot be read", "give an existing file", UserError) from error
    loaded = load_pair(workspace.serving, _version(workspace, version)).models[model]
    try:
        request = parse(body, loaded.space, needs_interval=model == REPLENISHMENT)
    except BadRequest as error:
        raise UserError(f"{file}: {error}") from error
    return answer(loaded.ask(request.signature, request.inputs), request.by_row)


def _version(workspace: Workspace, version: int | None) -> int:
    stable = pushed_version(workspace)
    kept = read_state(workspace.serving).kept
    if version is not None and version not in kept:
        raise ServingError(f"version {version} is not kept; kept are: {', '.join(map(str, kept))}")
    return version or stable


@dataclass(frozen=True)
class _Ready:
    """What both kinds of predictions begin with: the pair, the data and the settings that go together."""

    pair: LoadedPair
    space: FeatureSpace
    config: Config
    read: Read
    as_of: int
    notes: tuple[str, str]


def _make_ready(
    data: Path, workspace: Workspace, config: Config, version: int | None, on_read: OnRead
) -> _Ready:
    # The pair and its settings first: what is wrong with them needs no look at the data.
    chosen = _version(workspace, version)
    settings_note = check_settings(workspace, chosen, config)
    config, as_of_note = settle_as_of(data, config)
    prepared = prepare(data, config.data, config.windows.review_period)
    space = pair_space(workspace.serving, chosen, prepared, config)
    pair = load_pair(workspace.serving, chosen)
    read = read_prepared(prepared)
    on_read(read.report)
    as_of = int(pc.max(read.rows["date"]).as_py())
    return _Ready(pair, space, config, read, as_of, (as_of_note, settings_note))


def _scored(rows: pa.Table, ready: _Ready, asked: list[Mapping[str, tf.Tensor]]) -> pa.Table:
    """What a plan knows of the rows' series; the windows that the demand model was asked about go to ``asked``."""
    models = ready.pair.models

    def demand(windows: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        asked.append(windows)
        return _signature(models[DEMAND])(windows)

    asks: dict[str, AskRaw] = {DEMAND: demand, REPLENISHMENT: _signature(models[REPLENISHMENT])}
    read = ready.read
    windows = ready.config.windows
    lent = lent_among(lambda: [read.rows], read.small.products, ready.space, windows)
    return score(rows, read.stock, read.future, ready.as_of, ready.space, windows, asks, lent)


def _signature(model: LoadedModel) -> AskRaw:
    return lambda windows: dict(model.signatures[RAW_TENSORS](**windows))
