"""No check stops valid rows, however unusual, and none fails on any rows at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from components.data_gate.batch_rows import BatchRows
from components.data_gate.checks import problem_of
from components.data_gate.drift import comparators
from components.data_gate.gate import row_findings
from components.data_gate.severity import InForce, decide, load_severities
from contracts.records.checks import FeatureCheck
from tests.components.data_gate.made_up import batch, until
from tests.components.data_gate.unusual import RETAILERS, Retailer
from tests.places import ROOT

REVIEWED = ROOT / "schema"
COMPARATORS = comparators(tfdv.load_schema_text(str(REVIEWED / "rows.pbtxt")))
RULES = InForce(file=load_severities(REVIEWED / "severities.yaml"))
QUIET = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, max_examples=60)


def stops(new: BatchRows, old: BatchRows | None) -> list[FeatureCheck]:
    latest = 0 if new.frame.empty else new.last_day
    findings = row_findings(new, old, COMPARATORS, RULES.file.limits, latest)
    return [check for check in decide(findings, RULES) if check.verdict == "stop"]


@QUIET
@given(RETAILERS)
def test_valid_rows_of_an_unusual_retailer_stop_nothing(retailer: Retailer) -> None:
    new, old = retailer.spans()
    assert stops(new, None) == []
    assert stops(new, old) == []


CORRUPTIONS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "no value": lambda rows: np.nan,
    "none": lambda rows: None,
    "text": lambda rows: "x",
    "one number": lambda rows: np.float32(3),
    "zero": lambda rows: np.float32(0),
    "half": lambda rows: rows["date"].where(rows["date"] % 2 == 0).astype(np.float32),
}
PARTS = {
    "all": lambda rows: rows,
    "no row": lambda rows: rows[:0],
    "one row": lambda rows: rows[:1],
    "one day": lambda rows: rows[rows["date"] == rows["date"].max()],
    "one series": lambda rows: rows[(rows["store_id"] == "s0") & (rows["product_id"] == "p00")],
    "later": lambda rows: rows.assign(date=rows["date"] + 200),
    "earlier": lambda rows: rows[rows["date"] < rows["date"].max() - 40],
}
SMALL = batch(stores=2, products=4, days=60)
COLUMNS = [name for name in SMALL.frame if name not in ("store_id", "product_id", "date")]
SPAN = st.tuples(
    st.sampled_from(sorted(PARTS)),
    st.dictionaries(st.sampled_from(COLUMNS), st.sampled_from(sorted(CORRUPTIONS))),
)


def corrupted(part: str, columns: dict[str, str]) -> BatchRows:
    rows = PARTS[part](SMALL.frame)
    return replace(
        SMALL,
        frame=rows.assign(
            **{name: CORRUPTIONS[how](rows) for name, how in columns.items() if name != "units_sold"}
        ),
    )


@QUIET
@given(SPAN, SPAN)
# Text where there were numbers, of other dates: neither may be cast to the other.
@example(("all", {"temperature": "text"}), ("later", {}))
@example(("all", {"temperature": "text"}), ("earlier", {}))
def test_no_check_fails_on_any_rows(new: tuple[str, dict[str, str]], old: tuple[str, dict[str, str]]) -> None:
    for before in (None, corrupted(*old)):
        for check in stops(corrupted(*new), before):
            assert check.reason
            assert str(problem_of(check))


def test_a_batch_without_rows_is_stopped_by_that_name() -> None:
    assert [check.check for check in stops(replace(SMALL, frame=SMALL.frame[:0]), SMALL)] == ["no_rows"]


@pytest.mark.parametrize(
    ("planted", "check"),
    [
        (lambda rows, newest: rows.assign(unit_price=rows["unit_price"].mask(newest)), "missing"),
        (
            lambda rows, newest: rows.assign(unit_price=rows["unit_price"] * np.where(newest, 100, 1)),
            "gross_drift",
        ),
        (
            lambda rows, newest: rows.assign(units_sold=rows["units_sold"] / np.where(newest, 12, 1)),
            "gross_drift",
        ),
        (lambda rows, newest: rows.assign(units_sold=rows["units_sold"] / 12), "restated"),
        (lambda rows, newest: rows[~(newest & (rows["store_id"] == "s2"))], "store_vanished"),
    ],
    ids=["no price", "cents", "dozens", "dozens from the start", "a store"],
)
def test_what_is_planted_among_them_still_stops(
    planted: Callable[[pd.DataFrame, pd.Series], pd.DataFrame], check: str
) -> None:
    new = batch()
    newest = new.frame["date"] > new.last_day - 7
    found = stops(replace(new, frame=planted(new.frame, newest)), until(new, 7))
    assert check in {stop.check for stop in found}
