"""Whether the files find each other: what joins nothing is refused, what joins in part is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.calendar import Calendar
from components.example_generation.checks.spellings import listed, told_apart
from components.example_generation.contract import (
    EXTERNAL,
    INVENTORY,
    PLANNED,
    PRODUCTS,
    SALES,
    STORE_CALENDAR,
)
from components.example_generation.joining.external import ALL_STORES
from components.example_generation.reading.small_files import SmallFiles
from components.example_generation.report import WITHOUT_PRODUCT, Part
from contracts.arrays import Flags
from contracts.dates import to_date
from contracts.errors import Problem
from contracts.rows import KEYS, SERIES_KEYS, index_in, single

_HARDLY = 0.02
"""A file joins nothing where at most this share of its rows is used, and at most this share of the sales finds one.

Both: stock of the whole range beside sales of a few products joins few of its rows, and stock of one store out of many
serves few of the sales; either is in order.
"""

_AS_SALES = "Write the ids as sales_data has them (in a spreadsheet, as text), or leave the file out"
_DATES = "Give rows of the dates of the sales, or leave the file out"


@dataclass
class Matches:
    """What was found of all files."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def judge(
        self,
        label: str,
        rows: tuple[int, int],
        sales: tuple[int, int],
        what: str,
        why: str,
        remedy: str,
    ) -> bool:
        """Refuses a file that joins nothing; whether it did.

        Args:
            label: name of the file as the user knows it.
            rows: how many of its rows are used, and of how many.
            sales: how many of the sales' units (``what``) find a row, and of how many.
            what: series, or dates of stores.
            why: the likely cause.
        """  # fmt: skip
        if not rows[1] or rows[0] > _HARDLY * rows[1] or sales[0] > _HARDLY * sales[1]:
            return False
        message = (
            f"{rows[0]} of its {rows[1]} rows belong to the sales, and {sales[0]} of {sales[1]} {what} of {SALES} "
            f"find a row: {why}"
        )
        self.problems.append(Problem(label, "joins_nothing", message, remedy))
        return True


def match(whole: Part, calendar: Calendar, small: SmallFiles, labels: Mapping[str, str]) -> Matches:
    """Findings of the other files against the sales.

    Args:
        whole: of all workers.
        calendar: of the sales.
        small: the files that were read whole.
        labels: a name of each file that the user knows.
    """
    found = Matches()
    if calendar.last is None or not whole.counts["series"]:
        return found
    if INVENTORY in labels:
        _inventory(found, labels[INVENTORY], whole, calendar)
    if EXTERNAL in labels and small.external is not None and small.external.num_rows:
        _by_date(found, EXTERNAL, labels[EXTERNAL], small.external, calendar)
    if STORE_CALENDAR in labels and small.store_calendar is not None and small.store_calendar.num_rows:
        _by_date(found, STORE_CALENDAR, labels[STORE_CALENDAR], small.store_calendar, calendar)
    if PLANNED in labels and small.plan is not None:
        _planned(found, labels[PLANNED], small.plan.table, whole, calendar)
    if PRODUCTS in labels and small.products is not None and small.products.num_rows:
        _products(found, labels[PRODUCTS], small.products, whole, calendar)
    return found


def _inventory(found: Matches, label: str, whole: Part, calendar: Calendar) -> None:
    count, example = whole.counts, whole.examples
    elsewhere, before, after = (
        count.get(f"inventory_{name}", 0) for name in ("elsewhere", "before", "after")
    )
    used, series = count.get("inventory_found", 0), count["series"]
    rows, without = used + elsewhere + before + after, count.get("series_without_stock", series)
    sides = (
        (column, whole.ids.get((INVENTORY, column), set()), whole.ids[SALES, column])
        for column in SERIES_KEYS
    )
    apart = "; ".join(filter(None, (told_apart(name, a - b, b, SALES) for name, a, b in sides)))
    why, remedy = apart or "its stores and products have sales, but not together", _AS_SALES
    if elsewhere < before + after:
        why, remedy = _other_dates(calendar, *calendar.body[INVENTORY]), _DATES
        if before <= after:
            newest = to_date(calendar.last or 0)
            remedy = f"Date stock by the period at whose end it was counted, {newest} or earlier"
    if found.judge(label, (used, rows), (series - without, series), "series", why, remedy):
        return
    unsold = (
        f"are of a store and product without sales: only the plan counts them{f' ({apart})' if apart else ''}"
    )
    for key, text in (
        ("inventory_elsewhere", unsold),
        ("inventory_before", "lie before the first sale of their series: not used"),
        ("inventory_late", "are newer than the last sale of their store: only the plan counts them"),
        ("inventory_after", f"are newer than {to_date(calendar.last or 0)}, the newest date of {SALES}: not used"),
        ("oversold", "have on_hand below 0, which counts as 0"),
    ):  # fmt: skip
        if count.get(key):
            found.notes.append(f"{count[key]} of {rows} rows of {INVENTORY}, such as {example[key]}, {text}")
    if without:
        named = example.get("series_without_stock")
        such = f", such as {named}" if named else ""
        found.notes.append(f"{without} of {series} series{such}, have no row in {INVENTORY}: stock unknown")


def _by_date(found: Matches, file: str, label: str, table: pa.Table, calendar: Calendar) -> None:
    """Of a file with rows by date, and by store or for all: external_factors, store_calendar."""
    stores, days = single(table["store_id"]).cast(pa.string()), single(table["date"]).to_numpy()
    general = np.asarray(pc.equal(stores, ALL_STORES))
    store_mask = _of_sold_stores(stores, calendar)
    first = int(pc.min(calendar.seen["date"]).as_py())
    used = store_mask & (days >= first)
    seen = calendar.seen
    own = index_in(seen, {"store_id": stores, "date": single(table["date"])}, ("store_id", "date"))
    served = np.asarray(own.is_valid()) | np.isin(seen["date"].to_numpy(), days[general])
    apart = _stores_apart(stores, ~store_mask, calendar)
    why, remedy = apart, _AS_SALES
    if not apart or (~store_mask).sum() < (store_mask & ~used).sum():
        why, remedy = _other_dates(calendar, int(days.min()), int(days.max())), _DATES
    counts = (int(used.sum()), table.num_rows), (int(served.sum()), seen.num_rows)
    if found.judge(label, *counts, "dates of a store", why, remedy):
        return
    if apart:
        found.notes.append(
            f"{int((~store_mask).sum())} of {table.num_rows} rows of {file} are of stores without sales: {apart}"
        )
    if file == STORE_CALENDAR:  # which need not name each date
        if early := int((store_mask & ~used).sum()):
            found.notes.append(
                f"{early} of {table.num_rows} rows of {file} lie before the first sale, {to_date(first)}: not used"
            )
    elif not served.all():
        index = int(np.flatnonzero(~served)[0])
        such = f"{seen['store_id'][index].as_py()} {to_date(seen['date'][index].as_py())}"
        found.notes.append(
            f"{int((~served).sum())} of {seen.num_rows} dates of a store, such as {such}, have no row in {file}: "
            "its columns are empty there"
        )


def _planned(found: Matches, label: str, table: pa.Table, whole: Part, calendar: Calendar) -> None:
    stores, products, days = (single(table[name]) for name in KEYS)
    stores, products, ours = (
        stores.cast(pa.string()),
        products.cast(pa.string()),
        whole.ids[SALES, "product_id"],
    )
    sold = np.asarray(pc.is_in(products, value_set=pa.array(sorted(ours), pa.string())))
    strange = ~_of_sold_stores(stores, calendar)
    date, last = days.to_numpy(), calendar.last or 0
    used = sold & ~strange & (date >= calendar.body[SALES][0])
    unknown = (
        ("product", ~sold, told_apart("product_id", set(products.to_pylist()) - ours, ours, SALES)),
        ("store", strange, _stores_apart(stores, strange, calendar)),
    )
    why, remedy = "; ".join(apart for _, _, apart in unknown if apart), _AS_SALES
    if not why and table.num_rows:
        why, remedy = _other_dates(calendar, int(date.min()), int(date.max())), _DATES
    named = len(set(products.filter(pa.array(used)).to_pylist()))
    if found.judge(label, (int(used.sum()), table.num_rows), (named, len(ours)), "products", why, remedy):
        return
    for what, mask, apart in unknown:
        if mask.any():
            found.notes.append(
                f"{int(mask.sum())} of {table.num_rows} rows of {PLANNED} are of a {what} without sales: {apart}"
            )
    found.notes.append(_ahead(table, used & (date > last), last))


def _ahead(table: pa.Table, coming: Flags, last: int) -> str:
    """What is planned for the time after the last sale."""
    if not coming.any():
        return f"{PLANNED} says nothing of the time after {to_date(last)}, the last sale: nothing is planned"
    rows = table.filter(pa.array(coming))
    until = to_date(int(pc.max(rows["date"]).as_py()))
    text = f"planned after {to_date(last)}, until {until}: {rows.num_rows} rows"
    if "on_promotion" in rows.column_names:
        promoted = rows.filter(pc.equal(rows["on_promotion"], 1))
        text += f", {promoted.num_rows} of them on promotion"
        if promoted.num_rows:
            store, product, day = (promoted[name][0].as_py() for name in KEYS)
            text += f", such as {store or 'all stores'} {product} {to_date(day)}"
    return text


def _products(found: Matches, label: str, table: pa.Table, whole: Part, calendar: Calendar) -> None:
    ours, missing = whole.ids[SALES, "product_id"], whole.ids.get(WITHOUT_PRODUCT, set())
    ids, stores = (single(table[name]).cast(pa.string()) for name in ("product_id", "store_id"))
    theirs, strange = set(ids.to_pylist()), ~_of_sold_stores(stores, calendar)
    apart = told_apart("product_id", missing, theirs, PRODUCTS)
    stores_apart = _stores_apart(stores, strange, calendar)
    series, without = whole.counts["series"], whole.counts["series_without_product"]
    elsewhere = whole.counts["series_of_other_stores"]
    used = ~strange & np.asarray(pc.is_in(ids, value_set=pa.array(sorted(ours), pa.string())))
    counts = (int(used.sum()), table.num_rows), (series - without - elsewhere, series)
    if found.judge(label, *counts, "series", apart or stores_apart, _AS_SALES):
        return
    if strange.any():
        found.notes.append(
            f"{int(strange.sum())} of {table.num_rows} rows of {PRODUCTS} are of stores without sales: {stores_apart}"
        )
    if elsewhere:
        found.notes.append(
            f"{elsewhere} of {series} series, such as {whole.examples['series_of_other_stores']}, are of products that "
            f"{PRODUCTS} has for other stores only: the fallbacks stand in"
        )
    if missing:
        found.notes.append(
            f"{len(missing)} of {len(ours)} products of {SALES}, in {without} of {series} series, are not in "
            f"{PRODUCTS}: the fallbacks stand in ({apart})"
        )
    if unsold := theirs - ours:
        found.notes.append(f"{len(unsold)} of {len(theirs)} products have no sales: {listed(unsold)}")


def _of_sold_stores(stores: pa.Array, calendar: Calendar) -> Flags:
    """Which rows are of all stores, or of one with sales."""
    for_all = pc.equal(stores, ALL_STORES)
    return np.asarray(pc.or_(for_all, pc.is_in(stores, value_set=calendar.sold)))


def _stores_apart(stores: pa.Array, strange: Flags, calendar: Calendar) -> str:
    """Why rows are of stores without sales; empty where none is."""
    words = stores.filter(pa.array(strange)).to_pylist()
    return told_apart("store_id", words, calendar.sold.to_pylist(), SALES)


def _other_dates(calendar: Calendar, first: int, last: int) -> str:
    sold = calendar.body[SALES]
    begin, end = map(to_date, sold)
    return f"its dates are {to_date(first)} .. {to_date(last)}, those of the sales {begin} .. {end}"
