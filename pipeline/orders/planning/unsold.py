"""Series without a sale so far that a plan has a line for: there is stock, a person's quantity, or a predecessor."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from components.example_generation.joining.attributes import product_fallbacks
from components.example_generation.joining.costs import Known, costs_of
from components.example_generation.joining.products import by_store, of_store
from components.example_generation.joining.store_rows import StoreRows
from components.example_generation.joining.targets import Demand, implied_shortage, targets_of
from components.example_generation.options import DataOptions
from contracts.columns import MINIMUM_ORDER_VALUE, ORDER_WEEKDAYS, SUPPLIER
from contracts.errors import DataRejected, Problem
from contracts.rows import floats, single
from inventory.base_stock import protection_interval, quantile_plan_level
from inventory.service_levels import critical_ratio
from inventory.suppliers.order_days import days_to_next, longest_gap
from pipeline.orders.planning.frame import Frame

Series = tuple[str, str]
"""Store and product."""

_ATTRIBUTES = (
    "unit_cost", "lead_time", "pack_size", "minimum_order_quantity", "maximum_order_quantity", "holding_cost",
    "shortage_cost", "presentation_stock", "shelf_capacity", "shelf_life", ORDER_WEEKDAYS,
    MINIMUM_ORDER_VALUE,
)  # fmt: skip
_STOCK = ("on_hand", "stock_date", "on_order", "order_date")
_CLOSE = 3


@dataclass(frozen=True)
class KnownIds:
    """Every store and product that any file names."""

    stores: Set[str]
    products: Set[str]


def check_ids(overrides: pa.Table, known: KnownIds, file: str) -> None:
    """See that each override is for a store and a product that some file names.

    Raises:
        DataRejected: one is not; names it, and ids that look like it.
    """
    problems = []
    for column, ids in (("store_id", known.stores), ("product_id", known.products)):
        values = overrides[column].to_pylist()
        strange = [i for i, value in enumerate(values) if value not in ids]
        if not strange:
            continue
        like = difflib.get_close_matches(values[strange[0]], sorted(ids), _CLOSE, 0.5)
        hint = f"did you mean {' or '.join(map(repr, like))}?" if like else "no file has an id like it"
        message = f"no file has the {column} {values[strange[0]]!r}, {hint} ({len(strange)} override(s))"
        problems.append(Problem(file, "unknown_id", message, "Correct the file and plan again", column))
    if problems:
        raise DataRejected(problems)


def unsold(
    scored: pa.Table,
    stock: pa.Table,
    products: pa.Table | None,
    wanted: list[Series],
    options: DataOptions,
    frame: Frame,
) -> pa.Table:
    """Rows like ``scored`` of the series that it lacks, with ``origin``: what their line has to say.

    A product that follows another is planned, in each store that sells the predecessor, with the predecessor's
    forecast and its own attributes; where the predecessor has no sales either, with those of the one before. Of the
    others nothing is forecast.

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``, of all series with sales.
        stock: of all series (example_generation.stock).
        products: checked rows of products; None: there is no such file.
        wanted: series that a person gives a quantity for.
        options: have the fallbacks of products.

    Returns:
        Columns of ``scored``, and ``origin``; by store and product.
    """
    index = {series: i for i, series in enumerate(_series(scored))}
    followed = by_store(products, "follows")
    sources = {
        (store, product): source
        for store in sorted({store for store, _ in index})
        for before in [of_store(followed, store)]
        for product in before
        if (store, product) not in index and (source := _source(store, product, before, index)) is not None
    }
    stock_index = {series: i for i, series in enumerate(_series(stock))}
    keys = sorted({*sources, *(key for key in (*stock_index, *wanted) if key not in index)})
    columns: dict[str, pa.Array] = {
        "store_id": pa.array([store for store, _ in keys], pa.string()),
        "product_id": pa.array([product for _, product in keys], pa.string()),
        "sold_since": pa.array(np.zeros(len(keys))),
    }
    columns |= _attributes(columns["store_id"], columns["product_id"], products, options, frame)
    where = pa.array([stock_index.get(key) for key in keys], pa.int64())
    columns |= {name: single(stock[name]).take(where) for name in _STOCK}
    if "lent" in scored.column_names:
        columns["lent"] = pa.nulls(len(keys), pa.string())
    source = pa.array([sources.get(key) for key in keys], pa.int64())
    for name in scored.column_names:
        if name not in columns:
            columns[name] = single(scored[name]).take(source)
    columns |= _levels(columns, scored.take(source), frame)
    table = pa.table({field.name: columns[field.name].cast(field.type) for field in scored.schema})
    names = scored["product_id"].to_pylist()
    origin = [
        f"with the forecast of {names[sources[key]]}, which it follows"
        if key in sources
        else "no sales so far"
        for key in keys
    ]
    return table.append_column("origin", pa.array(origin, pa.string()))


def _series(table: pa.Table) -> list[Series]:
    return list(zip(table["store_id"].to_pylist(), table["product_id"].to_pylist(), strict=True))


def _source(store: str, product: str, followed: Mapping[str, str], index: Mapping[Series, int]) -> int | None:
    """The row of the nearest predecessor with sales in a store."""
    seen = {product}
    while (product := followed.get(product, product)) not in seen:
        if (store, product) in index:
            return index[store, product]
        seen.add(product)
    return None


def _attributes(
    stores: pa.Array, names: pa.Array, products: pa.Table | None, options: DataOptions, frame: Frame
) -> dict[str, pa.Array]:
    """Category and attributes of each store's product, with the fallbacks for what its rows lack.

    Nothing was sold, so that neither a price nor demand is known to derive a shortage cost from.
    """
    fallbacks = product_fallbacks(options)
    keys = {"store_id": stores, "product_id": names}
    rows = None if products is None else StoreRows.of(products, keys)
    found = {}
    for name in ("category", SUPPLIER, *_ATTRIBUTES):
        kind = pa.string() if name in ("category", SUPPLIER) else pa.float64()
        values = pa.nulls(len(names), kind)
        if rows is not None and name in rows.table.column_names:
            values = rows.values(name).cast(kind)
        found[name] = values.fill_null(fallbacks[name]) if name in fallbacks else values
    holding, shortage, cost = (floats(found[name]) for name in ("holding_cost", "shortage_cost", "unit_cost"))
    costs = costs_of(Known(holding, shortage, cost, np.full(len(names), np.nan)), options)
    taken = np.nan_to_num(floats(found[ORDER_WEEKDAYS])).astype(np.int64)
    found["review_period"] = pa.array(days_to_next(taken, frame.as_of, frame.review_period))
    implied = implied_shortage(
        targets_of(found["category"].to_pylist(), rows, options),
        costs.holding,
        floats(found["lead_time"]).astype(np.int64),
        Demand.unknown(len(names)),
        longest_gap(taken, frame.review_period),
    )
    shortage = np.where(np.isnan(implied), costs.shortage, implied)
    return found | {"holding_cost": pa.array(costs.holding), "shortage_cost": pa.array(shortage)}


def _levels(columns: Mapping[str, pa.Array], source: pa.Table, frame: Frame) -> dict[str, pa.Array]:
    """Order-up-to levels for the series' own lead times and costs, from the predecessors' forecasts."""
    count, width = len(columns["lead_time"]), len(frame.levels)
    lead, review = (floats(columns[name]).astype(np.int64) for name in ("lead_time", "review_period"))
    interval = protection_interval(lead, review)
    # Of nobody the shortest interval that there is.
    theirs = protection_interval(
        np.nan_to_num(floats(source["lead_time"])).astype(np.int64),
        np.nan_to_num(floats(source["review_period"]), nan=1.0).astype(np.int64),
    )
    mean = floats(columns["mean"]) * floats(columns["open_share"])
    safety = floats(columns["base_stock_level"]) - mean * theirs
    quantiles = np.full((count, frame.horizon, width), np.nan)
    there = np.asarray(columns["quantiles"].is_valid())
    flat = columns["quantiles"].drop_null().flatten()
    quantiles[there] = np.asarray(flat).reshape(-1, frame.horizon, width)
    level = np.full(count, np.nan)
    ratio = critical_ratio(floats(columns["holding_cost"]) * review, floats(columns["shortage_cost"]))
    if there.any():
        level[there] = quantile_plan_level(
            frame.levels, quantiles[there], np.minimum(interval, frame.horizon)[there], ratio[there]
        )
    base = mean * interval + safety * np.sqrt(interval / theirs)
    return {
        "model_level": pa.array(level, from_pandas=True),
        "largest_order": pa.array(np.where(np.isnan(level), np.nan, np.inf), from_pandas=True),
        "base_stock_level": pa.array(base, from_pandas=True),
    }
