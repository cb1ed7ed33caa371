"""What the data gate would stop for in the newest rows, before anything is ordered from them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from components.data_gate.batch_rows import BatchRows, are_delisted
from components.data_gate.checks import problem_of, rows_text
from components.data_gate.coverage import future_finding, vanished_findings
from components.data_gate.drift import comparators
from components.data_gate.gate import row_findings
from components.data_gate.planned import planned_price_finding
from components.data_gate.proportion import FEATURES, UsualTop, out_of_proportion, proportion_finding
from components.data_gate.severity import InForce, Limits, decide, load_severities
from components.data_gate.standstill import idle_finding
from components.example_generation.joining.products import ByStore, by_store
from contracts.arrays import Floats, Integers
from contracts.dates import to_days
from contracts.errors import DataRejected
from contracts.records.checks import FeatureCheck, log_checks
from contracts.rows import KEYS, SERIES_KEYS, floats, read_flat, series_bounds
from pipeline.config import Config
from pipeline.orders.planning.holding import Accepted
from schema import ROWS, SEVERITIES

LOG = logging.getLogger(__name__)
_WEEKS = 13
"""Looked at: what checks for a month that was sent twice need."""
_ROWS = 60_000
"""Of the series that are looked at column by column; slips of single rows are looked for in all."""
_ONLY_BETWEEN_SPANS = frozenset({"drift", "restated", "restated_external", "no_progress", "missing"})
"""Not told from one folder: a slow drift has to be seen against what the models were trained on, which may themselves
know a column that has ended; what is missing within the folder is ``serving_missing``."""
_TOLD = frozenset({"store_without_sales", "products_vanished", "serving_missing"})
"""Warnings that a buyer should hear of; the others are for those who train."""


@dataclass(frozen=True)
class NewestWeeks:
    """The flat rows that are looked at, shard by shard.

    Attributes:
        tables: of each shard; gone through once, so that one at a time need be held.
        last: their newest date.
        rows: how many there are in all.
    """

    tables: Iterable[pa.Table]
    last: int
    rows: int

    @classmethod
    def of_shards(cls, paths: Sequence[str]) -> NewestWeeks:
        """Of the files of all rows, each of which is read when its turn comes."""
        dates = [read_flat(path, ["date"])["date"].to_numpy() for path in paths]
        last = int(max(part.max() for part in dates if len(part)))
        rows = int(sum((part > last - 7 * _WEEKS).sum() for part in dates))
        return cls((in_newest_weeks(read_flat(path), last) for path in paths), last, rows)

    @classmethod
    def of_tables(cls, tables: Sequence[pa.Table]) -> NewestWeeks:
        """Of rows that are held."""
        last = max(pc.max(table["date"]).as_py() for table in tables if table.num_rows)
        return cls(tables, last, sum(table.num_rows for table in tables))


def in_newest_weeks(rows: pa.Table, last: int) -> pa.Table:
    """The rows that are looked at where the newest date of all is this one."""
    return rows.filter(pc.greater(rows["date"], last - 7 * _WEEKS))


def judge_newest(
    weeks: NewestWeeks,
    external: Sequence[str],
    config: Config,
    today: date,
    products: pa.Table | None = None,
    plan: pa.Table | None = None,
) -> list[FeatureCheck]:
    """Judges the newest week of the rows against the weeks before, under the reviewed severities.

    Args:
        weeks: the rows.
        external: columns that came from external_factors.
        config: names schema and severities.
        today: no row may be later.
        products: checked rows; None: there is no such file.
        plan: rows to come of planned_prices; None: there is none.

    Raises:
        UserError: the severity file cannot be used.
    """
    rules = InForce.on(load_severities(config.severity_file or SEVERITIES), today)
    text = (config.schema_file or ROWS).read_text(encoding="utf-8")
    schema = text_format.Parse(text, schema_pb2.Schema())
    until = by_store(products, "active_until")
    narrowed = _narrowed(weeks, rules.file.limits, until, plan)
    findings = [
        *_findings(narrowed, external, config, schema, rules.file.limits, to_days(today), until),
        *planned_price_finding(plan, narrowed.paid, rules.file.limits),
    ]
    checks = decide([f for f in findings if f.check not in _ONLY_BETWEEN_SPANS], rules)
    log_checks(LOG, checks)
    return checks


def pass_newest(checks: Sequence[FeatureCheck], accepted: Accepted) -> tuple[str, ...]:
    """Lets a plan go on, or refuses it.

    Args:
        checks: of the newest rows.
        accepted: names of checks that a person lets pass.

    Returns:
        What is to be said: warnings, and what was waived or accepted.

    Raises:
        DataRejected: a check stops, and nobody has let it pass.
    """
    stops = [check for check in checks if check.verdict == "stop"]
    if refused := [check for check in stops if check.check not in accepted]:
        raise DataRejected(
            [
                replace(
                    problem_of(check),
                    file="the newest rows",
                    remedy=f"Correct the data; if they are meant, plan with --accept {check.check}, or waive the check "
                    "in the severity file under review",
                )
                for check in refused
            ]
        )
    return tuple(
        [f"{_words(check)}: accepted by {accepted.by}" for check in stops]
        + [_words(check) for check in checks if check.verdict == "waived"]
        + [_words(check) for check in checks if check.verdict == "warn" and check.check in _TOLD]
    )


def _words(check: FeatureCheck) -> str:
    return f"{check.check} of {check.feature}: {check.reason}{rows_text(check.rows)}"


@dataclass(frozen=True)
class _Narrowed:
    """What is judged of the newest weeks; all else is let go shard by shard, so that memory does not grow with series.

    Attributes:
        sample: rows of some whole series.
        stores: units of each store and date.
        paid: prices of the products that have a planned one.
        slips: single values out of proportion.
        newest: the last date but a week.
    """

    sample: pa.Table
    stores: pd.DataFrame
    paid: pd.DataFrame
    slips: list[FeatureCheck]
    newest: int


def _narrowed(weeks: NewestWeeks, limits: Limits, until: ByStore, plan: pa.Table | None) -> _Narrowed:
    newest = weeks.last - 7
    step, first = max(1, -(-weeks.rows // _ROWS)), 0
    sample, stores, paid, slips = [], _Stores(until, weeks.last), [], _Slips(newest, weeks.rows, limits)
    planned = None if plan is None else plan["product_id"].unique()
    for table in weeks.tables:
        bounds = series_bounds(table)
        sample.append(table if step == 1 else _every(step, first, table, bounds))
        first += len(bounds) - 1
        stores.add(table, bounds)
        slips.add(table, bounds)
        if planned is not None:
            names = [name for name in (*KEYS, "unit_price") if name in table.column_names]
            there = pc.is_in(table["product_id"], value_set=planned.cast(table["product_id"].type))
            paid.append(table.select(names).filter(there))
    prices = pa.concat_tables(paid).to_pandas() if paid else pd.DataFrame()
    return _Narrowed(pa.concat_tables(sample), stores.frame(), prices, slips.findings(), newest)


def _every(step: int, first: int, table: pa.Table, bounds: Integers) -> pa.Table:
    """Every n-th series, so that all shards together have about _ROWS rows; ``first``: the number of its first."""
    chosen = (np.arange(len(bounds) - 1) + first) % step == 0
    return table.filter(pa.array(np.repeat(chosen, np.diff(bounds))))


class _Stores:
    """Units of each store and date, without the series that are sold no more; of all, where no other is left."""

    def __init__(self, until: ByStore, last: int) -> None:
        self._until, self._last = until, last
        self._all: list[pa.Table] = []
        self._listed: list[pa.Table] = []

    def add(self, table: pa.Table, bounds: Integers) -> None:
        self._all.append(_by_store([table]))
        if any(self._until.values()):
            keys = table.select(SERIES_KEYS).take(pa.array(bounds[:-1]))
            stores, names = (column.to_pylist() for column in keys.columns)
            gone = are_delisted(stores, names, self._until, self._last)
            self._listed.append(_by_store([table.filter(pa.array(np.repeat(~gone, np.diff(bounds))))]))

    def frame(self) -> pd.DataFrame:
        listed = self._listed if any(part.num_rows for part in self._listed) else self._all
        frame: pd.DataFrame = _by_store(listed).to_pandas()
        return frame.assign(product_id="")


def _by_store(tables: Sequence[pa.Table]) -> pa.Table:
    narrow = pa.concat_tables([table.select(["store_id", "date", "units_sold"]) for table in tables])
    summed = narrow.group_by(["store_id", "date"]).aggregate([("units_sold", "sum")])
    return summed.rename_columns(
        ["units_sold" if name == "units_sold_sum" else name for name in summed.column_names]
    )


class _Slips:
    """Single values out of proportion, of all rows."""

    def __init__(self, newest: int, rows: int, limits: Limits) -> None:
        self._newest, self._limits = newest, limits
        self._top = UsualTop(rows)
        self._found: dict[str, list[tuple[Floats, pd.DataFrame]]] = {}

    def add(self, table: pa.Table, bounds: Integers) -> None:
        series = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
        recent = table["date"].to_numpy() > self._newest
        for name in (name for name in FEATURES if name in table.column_names):
            values = floats(table[name])
            if name == "units_sold":
                self._top.add(values, recent)
            times = out_of_proportion(name, values, series, recent, top=0.0)
            indices = np.flatnonzero(times > self._limits.proportion)
            shown = table.select([*KEYS, name]).take(pa.array(indices)).to_pandas()
            self._found.setdefault(name, []).append((times[indices], shown))

    def findings(self) -> list[FeatureCheck]:
        found = []
        for name, parts in self._found.items():
            times = np.concatenate([part for part, _ in parts])
            shown = pd.concat([rows for _, rows in parts], ignore_index=True)
            if name == "units_sold":
                unusual = shown[name].to_numpy(np.float64) > self._top.value()
                times, shown = times[unusual], shown[unusual]
            found.append(proportion_finding(name, times, shown, self._limits))
        return found


def _findings(
    narrowed: _Narrowed,
    external: Sequence[str],
    config: Config,
    schema: schema_pb2.Schema,
    limits: Limits,
    latest_day: int,
    until: ByStore,
) -> list[FeatureCheck]:
    """Whole stores from all rows, single slips from all rows, and the rest from a sample of whole series."""
    days = config.data.period_days
    sample = BatchRows(narrowed.sample.to_pandas(), days, tuple(external), until)
    stores = BatchRows(narrowed.stores, days)
    before, stores_before = (
        replace(rows, frame=rows.frame[rows.frame["date"] <= narrowed.newest]) for rows in (sample, stores)
    )
    whole = [
        future_finding(stores, latest_day),
        idle_finding(stores, limits),
        *narrowed.slips,
    ]
    if len(stores_before.frame):
        whole.append(vanished_findings(stores, stores_before, limits)[0])
    kinds = {finding.check for finding in whole}
    found = row_findings(sample, before, comparators(schema), limits, latest_day)
    return [*whole, *(finding for finding in found if finding.check not in kinds)]
