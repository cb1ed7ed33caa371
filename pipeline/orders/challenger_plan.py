"""The challenger's plan beside that of the pair that serves, for the same data and stock; nothing is ordered from it
but by ``pipeline.orders.canary``.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from components.windowing.following import lent_among
from contracts.arrays import Flags, Floats
from contracts.dates import to_date
from contracts.models import MODELS
from contracts.rows import SERIES_KEYS, floats, read_flat, single, stack
from inventory.metrics import cost_of_waste
from pipeline.inputs.batch import pair_space
from pipeline.inputs.pair import check_settings, planning_of
from pipeline.orders.made_from import MadeFrom
from pipeline.orders.planning import stages
from pipeline.orders.planning.frame import Frame, frame_of
from pipeline.orders.planning.lines import mean_demand, order_lines, quantiles_of
from pipeline.orders.planning.on_sale import on_sale
from pipeline.orders.planning.position import FINEST, Position, stock_position
from pipeline.orders.planning.unsold import unsold
from pipeline.orders.shards import beam_pipeline
from pipeline.workspace import Workspace
from serving.directory.layout import hold, model_folder, read_state
from store.connections import Connections, connect
from store.loading import replace_rows

if TYPE_CHECKING:
    from pipeline.orders.canary import Canary

LOG = logging.getLogger(__name__)
NOT_PLANNED = "the challenger was not planned with"
"""In the log."""
_FOLDER = "challenger"
_MIDDLE = 0.5


@dataclass(frozen=True)
class Asked:
    """What a challenger plans of the very series of the champion's plan, in its order; each [N].

    Attributes:
        version: of its pair.
        frame: of its lines.
        scored: what it says of the series.
        to_order, mean: what it orders for (``pipeline.orders.planning.on_sale``).
        lines: its orders, for the stock on record.
    """

    version: int
    frame: Frame
    scored: pa.Table
    to_order: pa.Table
    mean: Floats
    lines: pa.Table


def plan_challenger(
    workspace: Workspace, connections: Connections, champion: MadeFrom, canary: Canary | None = None
) -> str:
    """Plans with the challenger, where there is one, and keeps its lines beside those of the plan, which stands.

    Whatever goes wrong is said, and no reason for the plan to fail.

    Args:
        workspace: its serving directory names the challenger.
        connections: of the store, which has the champion's plan.
        champion: what its plan was made from.
        canary: what the challenger orders of the plan itself; None: that it orders something was not asked for.

    Returns:
        What is to be said of it; empty where there is none.
    """
    if canary is not None and canary.failed:
        return canary.failed
    asked = canary.asked if canary is not None else None
    stores = canary.stores if canary is not None else frozenset()
    version = asked.version if asked is not None else None
    try:
        if asked is None:
            version = read_state(workspace.serving).canary
            if version is None:
                return ""
            asked = ask(workspace, version, champion)
        beside = _beside(asked, champion, stores)
        with connect(connections.writer) as connection:
            _keep(connection, champion.frame, asked.version, beside)
    except Exception as error:
        LOG.exception(NOT_PLANNED, extra={"challenger": version})
        orders = (
            f"its orders for {len(stores)} store(s) stand, and are not scored"
            if stores
            else "the orders stand, they are not its own"
        )
        return f"the challenger, pair {version}, was not planned with ({error}); {orders}"
    units = pc.sum(beside["replenishment_quantity"]).as_py() or 0
    ordered = canary.ordered if canary is not None else {}
    LOG.info(
        "challenger planned",
        extra={"challenger": version, "series": beside.num_rows, "units": units, **ordered},
    )
    if canary is not None and stores:
        return f"{canary.said}; beside the others it planned {beside.num_rows:,} series to be compared"
    return (
        f"the challenger, pair {version}, planned {beside.num_rows:,} series beside it, of which nothing is ordered; "
        f"it would order {units:,.0f} units"
    )


def ask(workspace: Workspace, version: int, champion: MadeFrom) -> Asked:
    """What a challenger plans from what the champion's plan was made from.

    Raises:
        UserError: it was trained with other features or settings.
        ServingError: it cannot be read.
    """
    with hold(workspace.serving, version):
        check_settings(workspace, version, champion.config)
        scored = _scored(workspace, version, champion)
        planning = planning_of(workspace, version)
    products, options = champion.read.small.products, champion.config.plan
    frame = frame_of(champion.config, champion.frame.as_of, version, planning)
    stock = champion.read.stock()
    scored = stack([scored, unsold(scored, stock, products, champion.wanted, champion.config.data, frame)])
    scored = scored.take(pc.sort_indices(scored, [(name, "ascending") for name in SERIES_KEYS]))
    to_order, mean = on_sale(scored, mean_demand(scored, frame), products, frame)
    position = stock_position(scored, champion.orders, frame, options)
    lines = order_lines(to_order, mean, position, frame, options, champion.own)
    return Asked(version, frame, scored, to_order, mean, lines)


def _beside(asked: Asked, champion: MadeFrom, stores: frozenset[str]) -> pa.Table:
    """Rows of the table ``challenger_lines``; stores: those that the challenger orders for."""
    frame, to_order, lines = asked.frame, asked.to_order, asked.lines
    shelf = _usual_shelf(champion.to_order, champion.frame)
    orders = {
        name: order_lines(*given, shelf, of, champion.config.plan, whole=False)["replenishment_quantity"]
        for name, given, of in (
            ("champion_order", (champion.to_order, champion.mean), champion.frame),
            ("challenger_order", (to_order, asked.mean), frame),
        )
    }
    column = {name: floats(to_order[name]) for name in _TERMS}
    quantiles, there = quantiles_of(asked.scored, frame)
    chosen = there & _comparable(champion, shelf, lines)
    table = pa.table(
        {
            **{name: lines[name] for name in ("as_of", *SERIES_KEYS, "method", "replenishment_quantity")},
            "shelf": shelf.on_hand,
            **orders,
            "lead_time": column["lead_time"].astype(np.int64),
            "review_period": column["review_period"].astype(np.int64),
            "holding_cost": column["holding_cost"],
            "shortage_cost": column["shortage_cost"],
            "waste_cost": cost_of_waste(column["unit_cost"], column["shortage_cost"]),
            "presentation_stock": np.nan_to_num(column["presentation_stock"]),
            "shelf_life": single(to_order["shelf_life"]).cast(pa.int64()),
            "canary": pc.is_in(lines["store_id"], pa.array(sorted(stores), pa.string())),
        }
    ).filter(pa.array(chosen))
    forecasts = mean_demand(asked.scored, frame)[chosen]
    levels = list(frame.levels)
    middle = quantiles[chosen][:, :, levels.index(_MIDDLE)] if _MIDDLE in levels else forecasts
    return table.append_column("mean", _lists(forecasts)).append_column("middle", _lists(middle))


_TERMS = (
    "lead_time", "review_period", "holding_cost", "shortage_cost", "unit_cost", "presentation_stock",
)  # fmt: skip


def _scored(workspace: Workspace, version: int, champion: MadeFrom) -> pa.Table:
    """What the challenger says of every series with sales, a row each."""
    config, read = champion.config, champion.read
    space = pair_space(workspace.serving, version, champion.prepared, config)
    folder = champion.scratch / _FOLDER
    (folder / "scored").mkdir(parents=True)
    read.future.write(folder)
    scoring = stages.ScoreShard(
        str(folder),
        {model: str(model_folder(workspace.serving, version, model)) for model in MODELS},
        champion.frame.as_of,
        space.to_json(),
        config.windows.model_dump_json(),
        lent_among(lambda: map(read_flat, read.files), read.small.products, space, config.windows),
        ("scored",),
    )
    with beam_pipeline(config, workspace, champion.scratch, "challenger") as pipeline:
        stages.build(pipeline, read.files, scoring)
    return stages.read_part(str(folder), "scored")


def _usual_shelf(scored: pa.Table, frame: Frame) -> Position:
    """What is usually sold until an order arrives, and nothing on its way.

    The stock on record was shaped by what the champion ordered before, whose errors it has in it: from there a pair of
    the same worth looks cheaper or dearer than it is (``benchmarks.gates.challenger_power``).
    """
    lead = floats(scored["lead_time"])
    usual = floats(scored["mean"]) * floats(scored["open_share"]) * lead
    nothing = np.zeros((scored.num_rows, frame.horizon + 1))
    notes = np.full(scored.num_rows, "", dtype=object)
    return Position(np.round(usual, FINEST), nothing.sum(axis=1), nothing, notes)


def _comparable(champion: MadeFrom, shelf: Position, lines: pa.Table) -> Flags:
    """Series that the champion forecasts too, over the whole time that an order is for, [N]."""
    _, there = quantiles_of(champion.to_order, champion.frame)
    covered = floats(lines["protection_interval"]) <= champion.frame.horizon
    return np.asarray(there & covered & np.isfinite(shelf.on_hand))


def _lists(values: Floats) -> pa.Array:
    """[n, H] as lists."""
    flat = pa.array(values.reshape(-1).astype(np.float32))
    return pa.ListArray.from_arrays(np.arange(0, values.size + 1, values.shape[1], dtype=np.int32), flat)


def _keep(connection: psycopg.Connection, frame: Frame, version: int, lines: pa.Table) -> None:
    """The plan and its lines in the place of those of the date."""
    as_of = to_date(frame.as_of)
    connection.execute("DELETE FROM challenger_plans WHERE as_of = %s", [as_of])
    connection.execute(
        "INSERT INTO challenger_plans SELECT as_of, made_at, demand_version, %s FROM plans WHERE as_of = %s",
        [version, as_of],
    )
    replace_rows(connection, "challenger_lines", lines, {"as_of": as_of})
