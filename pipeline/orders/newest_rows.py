"""What the data gate would stop for in the newest rows, before anything is ordered from them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
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
from components.data_gate.proportion import FEATURES, out_of_proportion, proportion_finding
from components.data_gate.severity import InForce, Limits, decide, load_severities
from components.data_gate.standstill import idle_finding
from components.example_generation.joining.products import ByStore, by_store
from contracts.dates import to_days
from contracts.errors import DataRejected
from contracts.records.checks import FeatureCheck, log_checks
from contracts.rows import KEYS, SERIES_KEYS, read_flat, series_bounds
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


def judge_newest(
    shards: Sequence[str],
    external: Sequence[str],
    config: Config,
    today: date,
    products: pa.Table | None = None,
    plan: pa.Table | None = None,
) -> list[FeatureCheck]:
    """Judges the newest week of the rows against the weeks before, under the reviewed severities.

    Args:
        shards: flat shards of rows.
        external: columns that came from external_factors.
        config: names schema and severities.
        today: no row may be later.
        products: checked rows; None: there is no such file.
        plan: rows to come of planned_prices; None: there is none.

    Raises:
        UserError: the severity file cannot be used.
    """
    return judge_weeks(newest_weeks(map(read_flat, shards)), external, config, today, products, plan)


def judge_weeks(
    tables: list[pa.Table],
    external: Sequence[str],
    config: Config,
    today: date,
    products: pa.Table | None,
    plan: pa.Table | None,
) -> list[FeatureCheck]:
    """The same of the newest weeks of each shard (``newest_weeks``)."""
    rules = InForce.on(load_severities(config.severity_file or SEVERITIES), today)
    text = (config.schema_file or ROWS).read_text(encoding="utf-8")
    schema = text_format.Parse(text, schema_pb2.Schema())
    until = by_store(products, "active_until")
    findings = [
        *_findings(tables, external, config, schema, rules.file.limits, to_days(today), until),
        *planned_price_finding(plan, _paid(tables), rules.file.limits),
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


def newest_weeks(shards: Iterable[pa.Table]) -> list[pa.Table]:
    """Of the flat rows of each shard those that are looked at."""
    tables = list(shards)
    last = max(pc.max(table["date"]).as_py() for table in tables)
    return [in_newest_weeks(table, last) for table in tables]


def in_newest_weeks(rows: pa.Table, last: int) -> pa.Table:
    """The rows that are looked at where the newest date of all is this one."""
    return rows.filter(pc.greater(rows["date"], last - 7 * _WEEKS))


def _findings(
    tables: list[pa.Table],
    external: Sequence[str],
    config: Config,
    schema: schema_pb2.Schema,
    limits: Limits,
    latest_day: int,
    until: ByStore,
) -> list[FeatureCheck]:
    """Whole stores from all rows, single slips from all rows, and the rest from a sample of whole series."""
    days = config.data.period_days
    sample = BatchRows(_sample(tables).to_pandas(), days, tuple(external), until)
    stores = BatchRows(_by_store(_listed(tables, until)), days)
    newest = sample.last_day - 7
    before, stores_before = (
        replace(rows, frame=rows.frame[rows.frame["date"] <= newest]) for rows in (sample, stores)
    )
    whole = [
        future_finding(stores, latest_day),
        idle_finding(stores, limits),
        *_slips(tables, newest, limits),
    ]
    if len(stores_before.frame):
        whole.append(vanished_findings(stores, stores_before, limits)[0])
    kinds = {finding.check for finding in whole}
    found = row_findings(sample, before, comparators(schema), limits, latest_day)
    return [*whole, *(finding for finding in found if finding.check not in kinds)]


def _paid(tables: list[pa.Table]) -> pd.DataFrame:
    names = [name for name in (*KEYS, "unit_price") if name in tables[0].column_names]
    paid: pd.DataFrame = pa.concat_tables([table.select(names) for table in tables]).to_pandas()
    return paid


def _sample(tables: list[pa.Table]) -> pa.Table:
    """Every n-th series, so that they have about _ROWS rows."""
    step = max(1, -(-sum(table.num_rows for table in tables) // _ROWS))
    if step == 1:
        return pa.concat_tables(tables)
    taken, first = [], 0
    for table in tables:
        bounds = series_bounds(table)
        chosen = (np.arange(len(bounds) - 1) + first) % step == 0
        taken.append(table.filter(pa.array(np.repeat(chosen, np.diff(bounds)))))
        first += len(bounds) - 1
    return pa.concat_tables(taken)


def _listed(tables: list[pa.Table], until: ByStore) -> list[pa.Table]:
    """Without the series that are sold no more at the newest date; all, where no other is left."""
    if not any(until.values()):
        return tables
    last = max(pc.max(table["date"]).as_py() for table in tables if table.num_rows)
    found = []
    for table in tables:
        bounds = series_bounds(table)
        first = table.select(SERIES_KEYS).take(pa.array(bounds[:-1]))
        stores, names = (column.to_pylist() for column in first.columns)
        gone = are_delisted(stores, names, until, last)
        found.append(table.filter(pa.array(np.repeat(~gone, np.diff(bounds)))))
    return found if any(table.num_rows for table in found) else tables


def _by_store(tables: list[pa.Table]) -> pd.DataFrame:
    """Units of each store and date."""
    narrow = pa.concat_tables([table.select([*KEYS, "units_sold"]) for table in tables])
    summed = narrow.group_by(["store_id", "date"]).aggregate([("units_sold", "sum")])
    frame: pd.DataFrame = summed.to_pandas().rename(columns={"units_sold_sum": "units_sold"})
    return frame.assign(product_id="")


def _slips(tables: list[pa.Table], newest: int, limits: Limits) -> list[FeatureCheck]:
    """Single values out of proportion, of all rows."""
    series, first = [], 0
    for table in tables:
        bounds = series_bounds(table)
        series.append(np.repeat(np.arange(len(bounds) - 1) + first, np.diff(bounds)))
        first += len(bounds) - 1
    number, rows = np.concatenate(series), pa.concat_tables(tables)
    recent = rows["date"].to_numpy() > newest
    findings = []
    for name in FEATURES:
        if name in rows.column_names:
            values = rows[name].cast(pa.float64()).to_numpy()
            times = out_of_proportion(name, values, number, recent)
            indices = np.flatnonzero(times > limits.proportion)
            shown = rows.select([*KEYS, name]).take(pa.array(indices)).to_pandas()
            findings.append(proportion_finding(name, times[indices], shown, limits))
    return findings
