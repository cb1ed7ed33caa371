"""Which series must be planned again beside those that new rows are of, and when all must."""

from __future__ import annotations

from collections.abc import Mapping, Set

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.calendar import Calendar
from components.example_generation.joining.products import ByStore, of_store
from contracts.arrays import Flags
from contracts.columns import MINIMUM_ORDER_VALUE, SUPPLIER
from contracts.dates import to_date
from contracts.rows import floats, single
from pipeline.orders.changes.series import series_in


class AllAnew(Exception):
    """The new rows change what every series is planned by; the message says what, as a part of a sentence."""


def stores_apart(before: Calendar, after: Calendar) -> pa.Array:
    """Stores whose dates have changed: until when they are told of, or when they are open.

    Raises:
        AllAnew: the dates of all have.
    """
    if after.last != before.last:
        newest = "no date" if after.last is None else str(to_date(after.last))
        raise AllAnew(f"the newest date of the sales is now {newest}")
    if any(not np.array_equal(before.strays[file], after.strays[file]) for file in before.strays):
        raise AllAnew("other dates are taken for mistyped")
    if not before.sold.equals(after.sold):
        raise AllAnew("a store sells for the first time")
    old, new = before.open_days, after.open_days
    if (old.first, old.status.shape, old.says_anything) != (new.first, new.status.shape, new.says_anything):
        raise AllAnew("the first date of the sales, or whether stores are ever closed, has changed")
    apart = (old.status != new.status) | (old.closed_weekdays != new.closed_weekdays)
    which = apart.any(axis=1) | (old.ends != new.ends) | (old.begins != new.begins)
    return after.sold.filter(pa.array(which))


def of_stores(series: pa.Table, stores: pa.Array) -> pa.Table:
    """Those of the series that are of these stores."""
    return series.filter(pc.is_in(single(series["store_id"]), value_set=stores))


def with_followers(touched: pa.Table, series: pa.Table, followed: ByStore) -> pa.Table:
    """The touched series with all that lend to them or are lent to by them, in the same store.

    Args:
        touched: some series.
        series: all of them.
        followed: predecessors of products.
    """
    if not any(followed.values()):
        return touched
    groups = {store: _groups(own) for store, own in followed.items()}
    wanted: set[tuple[str, str]] = set()
    for store, product in _pairs(touched):
        wanted.update((store, other) for other in of_store(groups, store).get(product, ()))
    more = [pair in wanted for pair in _pairs(series)]
    return series_in(touched, series.filter(pa.array(more, pa.bool_())))


def lenders_and_borrowers(series: pa.Table, followed: ByStore) -> pa.Table:
    """Those of the series that follow another one, or that another one follows."""
    groups = {store: _groups(own) for store, own in followed.items()}
    some = [product in of_store(groups, store) for store, product in _pairs(series)]
    return series.filter(pa.array(some, pa.bool_()))


def of_same_orders(scored: pa.Table, again: Flags) -> Flags:
    """The lines to make again with all others of their suppliers' orders, where these have a least value; [N].

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``, [N].
        again: which are to be made again, [N].
    """
    asked = np.nan_to_num(floats(scored[MINIMUM_ORDER_VALUE])) > 0
    asked &= np.asarray(scored[SUPPLIER].is_valid())
    if not asked.any():
        return again
    order = pc.binary_join_element_wise(
        single(scored["store_id"]), single(scored[SUPPLIER]).fill_null(""), "\0"
    )
    codes = order.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return again | (asked & np.isin(codes, codes[again & asked]))


def _pairs(series: pa.Table) -> list[tuple[str, str]]:
    return list(zip(*(series[name].to_pylist() for name in ("store_id", "product_id")), strict=True))


def _groups(follows: Mapping[str, str]) -> dict[str, Set[str]]:
    """Of each product that has to do with another all of its chain, whatever branches off."""
    found: dict[str, set[str]] = {}
    for product, before in follows.items():
        joined = found.get(product, {product}) | found.get(before, {before})
        for member in joined:
            found[member] = joined
    return dict(found)
