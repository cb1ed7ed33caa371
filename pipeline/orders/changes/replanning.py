"""Some series of a plan planned again: all that is done series by series is done for these alone, the rest stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.policy_comparison.predicting import AskRaw
from components.windowing.following import lent_among
from contracts.arrays import Flags, Floats
from contracts.rows import KEYS, SERIES_KEYS, index_in, read_flat, single, stack, write_flat
from pipeline.orders.changes.kept import Kept
from pipeline.orders.changes.rows_again import Sources
from pipeline.orders.changes.series import are_of, replaced, series_in
from pipeline.orders.changes.touched import of_same_orders
from pipeline.orders.changes.touching import Touch
from pipeline.orders.forecast_rows import forecast_rows
from pipeline.orders.newest_rows import NewestWeeks, in_newest_weeks, judge_newest, pass_newest
from pipeline.orders.planning import stages
from pipeline.orders.planning.holding import Accepted
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.on_sale import on_sale
from pipeline.orders.planning.overrides import own_quantities
from pipeline.orders.planning.position import stock_position
from pipeline.orders.planning.unsold import unsold
from pipeline.orders.planning_run import Found


@dataclass(frozen=True)
class People:
    """What people say of a plan.

    Attributes:
        overrides: their own quantities in force.
        accepted: what they let pass.
    """

    overrides: pa.Table
    accepted: Accepted


@dataclass(frozen=True)
class Replanned:
    """A plan of which some series were planned again.

    Attributes:
        kept: as it is to be kept; ``made_at`` is still that of before.
        scored, mean: of all series, in the lines' order.
        touched: series whose forecasts may be others.
        planned: how many of them the pair was asked for.
        actuals, events: of the touched ones, as the store keeps them.
        notes: of the checks of the newest rows.
    """

    kept: Kept
    scored: pa.Table
    mean: Floats
    touched: pa.Table
    planned: int
    actuals: pa.Table
    events: pa.Table
    notes: tuple[str, ...]


def replan(
    touched: Touch,
    models: Mapping[str, AskRaw],
    people: People,
    open_orders: Callable[[pa.Table], pa.Table],
    today: date,
    found: Found,
    scratch: Path,
) -> Replanned:
    """Plans again what was touched.

    Lines are made again of these series, of those that are of the same orders where the supplier has a least value, and
    of those of which people say something else than before.

    Args:
        touched: by new rows.
        models: of the pair.
        people: what they say of the plan.
        open_orders: gives what earlier plans have on its way of some series.
        today: no row may be later.
        found: takes the checks of the newest rows, passed or not.
        scratch: an empty folder for rows.

    Raises:
        DataRejected: the newest rows are what the data gate stops for.
    """
    kept, series = touched.kept, touched.series
    shards = _joined(touched.sources, series, kept, scratch)
    kept = _with_rows(kept, shards, series)
    plan = None if kept.future.plan is None else kept.future.plan.table
    products = kept.prepared.small.products
    weeks = NewestWeeks.of_tables(kept.weeks)
    found.checks = judge_newest(weeks, kept.external, kept.config, today, products, plan)
    notes = pass_newest(found.checks, people.accepted)
    parts = _parts(kept, shards, models)
    mean = mean_demand(parts["scored"], kept.frame)
    kept, again = _with_scored(kept, parts["scored"], mean, series, people.overrides)
    kept, scored, mean = _with_lines(kept, again, people.overrides, open_orders)
    actuals = _since(parts["actuals"], touched.fresh, touched.moved)
    return Replanned(kept, scored, mean, again, parts["scored"].num_rows, actuals, parts["events"], notes)


_Shards = dict[int, tuple[Path | None, pa.Table]]
"""By number of the shard the file with the rows of its touched series, where they have any, and their stock."""


_TEXT = pa.array([], pa.string())
_EMPTY = {
    "actuals": pa.table({}),
    "events": pa.table({"store_id": _TEXT, "date": pa.array([], pa.date32()), "name": _TEXT}),
}


def _joined(sources: Sources, touched: pa.Table, kept: Kept, scratch: Path) -> _Shards:
    """The touched series read again; rows go by files, as there may be as many as in the whole folder."""
    found: _Shards = {}
    for shard, joined in sources.joined(touched, kept.calendar):
        path = None
        if joined.rows is not None:
            path = scratch / f"{shard:05d}.arrow"
            write_flat(joined.rows, path)
        found[shard] = path, joined.stock
    return found


def _with_rows(kept: Kept, shards: _Shards, touched: pa.Table) -> Kept:
    """With the newest weeks and the stock of the touched series."""
    weeks = dict(zip(kept.shards, kept.weeks, strict=True))
    newest = kept.frame.as_of
    for shard, (path, _) in shards.items():
        rows = [] if path is None else [read_flat(path)]
        if shard in weeks:
            there = weeks[shard].filter(pa.array(~are_of(weeks[shard], touched)))
            weeks[shard] = _sorted(stack([there, *(in_newest_weeks(table, newest) for table in rows)]))
        elif rows:
            weeks[shard] = in_newest_weeks(rows[0], newest)
    numbers = tuple(sorted(weeks))
    stock = replaced(
        kept.stock, touched, stack([kept.stock.slice(0, 0), *(stock for _, stock in shards.values())])
    )
    return replace(kept, shards=numbers, weeks=tuple(weeks[number] for number in numbers), stock=stock)


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.take(pc.sort_indices(rows, [(name, "ascending") for name in KEYS]))


def _parts(kept: Kept, shards: _Shards, models: Mapping[str, AskRaw]) -> dict[str, pa.Table]:
    """What the pair and the rows say of the touched series."""
    paths = {shard: path for shard, (path, _) in shards.items() if path is not None}
    products, options = kept.prepared.small.products, kept.config.windows
    lent = lent_among(lambda: map(read_flat, paths.values()), products, kept.space, options)
    made = [
        stages.parts_of(
            read_flat(path),
            shards[shard][1],
            kept.future,
            kept.frame.as_of,
            kept.space,
            options,
            models,
            lent,
        )
        for shard, path in paths.items()
    ]
    if not made:  # only stock of what was never sold
        return _EMPTY | {"scored": kept.scored.slice(0, 0)}
    return {part: stack([parts[part] for parts in made]) for part in stages.PARTS}


def _with_scored(
    kept: Kept, scored: pa.Table, mean: Floats, touched: pa.Table, overrides: pa.Table
) -> tuple[Kept, pa.Table]:
    """With what the pair says of the touched series, and of those without sales; and the series of both."""
    there = ~are_of(kept.scored, touched)
    rest = kept.scored.filter(pa.array(there)), kept.mean[there]
    whole, whole_mean = stages.in_order([rest, (scored, mean)])
    wanted = list(zip(*(overrides[name].to_pylist() for name in SERIES_KEYS), strict=True))
    products, data = kept.prepared.small.products, kept.config.data
    others = unsold(whole, kept.stock, products, wanted, data, kept.frame)
    others_mean = mean_demand(others, kept.frame)
    again = series_in(touched, kept.unsold, others)
    forecasts = stack(
        [
            forecast_rows(rows, means, kept.frame, kept.future.plan)
            for rows, means in ((scored, mean), (others, others_mean))
        ]
    )
    kept = replace(
        kept,
        scored=whole,
        mean=whole_mean,
        unsold=others,
        unsold_mean=others_mean,
        forecasts=replaced(kept.forecasts, again, forecasts, KEYS),
    )
    return kept, again


def _with_lines(
    kept: Kept, again: pa.Table, overrides: pa.Table, open_orders: Callable[[pa.Table], pa.Table]
) -> tuple[Kept, pa.Table, Floats]:
    """With lines of the series that are planned again and of those that are ordered with them."""
    scored, mean = stages.in_order([(kept.scored, kept.mean), (kept.unsold, kept.unsold_mean)])
    own = own_quantities(scored, overrides)
    index = index_in(scored, kept.proposals, SERIES_KEYS)
    said = np.append(kept.own, np.nan)[index.fill_null(len(kept.own)).to_numpy()]
    changed = are_of(scored, again) | ~np.asarray(index.is_valid()) | ~_same(own, said)
    chosen = of_same_orders(scored, changed)
    some, means = scored.filter(pa.array(chosen)), mean[chosen]
    orders = open_orders(some.select(SERIES_KEYS))
    position = stock_position(some, orders, kept.frame, kept.config.plan)
    to_order = on_sale(some, means, kept.prepared.small.products, kept.frame)
    lines = order_lines(*to_order, position, kept.frame, kept.config.plan, own[chosen])
    rest = kept.proposals.take(index.filter(pa.array(~chosen)))
    whole = stack([rest, lines])
    proposals = whole.take(index_in(scored, whole, SERIES_KEYS))
    return replace(kept, proposals=proposals, own=own), scored, mean


def _same(one: Floats, other: Floats) -> Flags:
    same: Flags = (one == other) | (np.isnan(one) & np.isnan(other))
    return same


def _since(actuals: pa.Table, fresh: Sequence[pa.Table], moved: pa.Table) -> pa.Table:
    """The rows that may be others: of each series from its first new date on, all where its store's dates moved."""
    if not actuals.num_rows:
        return actuals
    kinds = pa.schema([("store_id", pa.string()), ("product_id", pa.string()), ("date", pa.int32())])
    dates = pa.concat_tables(
        [kinds.empty_table(), *(table.select(kinds.names).cast(kinds) for table in fresh)]
    )
    first = dates.group_by(list(SERIES_KEYS)).aggregate([("date", "min")])
    found = single(first["date_min"]).take(index_in(actuals, first, SERIES_KEYS))
    later = pc.greater_equal(single(actuals["date"]).cast(pa.int32()), found).fill_null(False)
    return actuals.filter(pc.or_(later, pa.array(are_of(actuals, moved))))
