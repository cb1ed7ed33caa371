"""Drift of the newest weeks, on made-up rows of which it is known whether they changed."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow_data_validation as tfdv

from components.data_gate.batch_rows import BatchRows, weeks_to_compare
from components.data_gate.drift import Comparator, comparators, drift_findings
from components.data_gate.severity import Limits
from tests.components.data_gate.made_up import batch, changed, until
from tests.places import ROOT

SCHEMA = tfdv.load_schema_text(str(ROOT / "schema" / "rows.pbtxt"))
NEW = batch()
OLD = until(NEW, 7)


def failed(new: BatchRows, old: BatchRows = OLD) -> dict[str, str]:
    findings = drift_findings(new, old, comparators(SCHEMA), Limits())
    return {finding.feature: finding.check for finding in findings if finding.failed}


def in_the_newest_week(column: str, factor: float) -> BatchRows:
    newest = NEW.frame["date"] > OLD.last_day
    return changed(NEW, **{column: NEW.frame[column].where(~newest, NEW.frame[column] * factor)})


def test_the_reviewed_schema_says_how_each_feature_is_compared() -> None:
    found = comparators(SCHEMA)
    assert found["category"] == Comparator("text", 0.1)
    assert found["on_promotion"].kind == "flag" and found["unit_price"].kind == "ratio"
    assert "date" not in found


def test_rows_that_only_chance_changes_pass_with_their_distance() -> None:
    assert failed(NEW) == {}
    findings = drift_findings(NEW, OLD, comparators(SCHEMA), Limits())
    assert {f.feature for f in findings} == {
        "store_id",
        "product_id",
        "category",
        "units_sold",
        "unit_price",
        "unit_cost",
    }
    price = next(f for f in findings if f.feature == "unit_price")
    assert price.value == 0 and price.threshold is not None and price.threshold >= 0.1


@pytest.mark.parametrize(
    ("column", "factor", "kinds"),
    [
        ("unit_price", 100, ["drift", "gross_drift"]),
        ("unit_price", 1.2, ["drift"]),
        ("unit_cost", 0.8, ["drift"]),
        ("units_sold", 1 / 12, ["drift", "gross_drift"]),
    ],
)
def test_a_changed_number_is_named_with_its_new_rows(column: str, factor: float, kinds: list[str]) -> None:
    new = in_the_newest_week(column, factor)
    findings = [f for f in drift_findings(new, OLD, comparators(SCHEMA), Limits()) if f.failed]
    assert [(f.feature, f.check) for f in findings] == [(column, kind) for kind in kinds]
    finding = findings[-1]
    assert 1 <= len(finding.rows) <= 5
    assert all(
        row.date and row.date > OLD.last_date and row.store_id and row.product_id for row in finding.rows
    )


def test_a_fifth_more_units_is_drift_and_not_gross() -> None:
    new, old = batch(products=40), until(batch(products=40), 7)
    newest = new.frame["date"] > old.last_day
    units = (new.frame["units_sold"] * 1.2).where(newest, new.frame["units_sold"])
    assert failed(changed(new, units_sold=units), old) == {"units_sold": "drift"}


def test_a_new_assortment_does_not_change_the_level_of_prices() -> None:
    """Dear products that are new move the mix of products, not the price of any."""
    new = batch(products=24)
    dear = new.frame["product_id"] >= "p12"
    assert "unit_price" not in failed(
        changed(new, unit_price=new.frame["unit_price"] * np.where(dear, 50, 1))
    )


def test_a_category_that_takes_over_is_named() -> None:
    new = batch(products=40)
    old = until(new, 7)
    newest = new.frame["date"] > old.last_day
    dairy = changed(new, category=new.frame["category"].where(~newest, "dairy"))
    assert failed(dairy, old) == {"category": "drift"}


def test_few_series_prove_nothing() -> None:
    new = batch(stores=1, products=5)
    old = until(new, 7)
    assert failed(changed(new, unit_price=new.frame["unit_price"] * 1.5), old) == {}


@pytest.mark.parametrize(("days", "weeks"), [(1, 1), (7, 1), (8, 2), (28, 4), (90, 4), (0, 4)])
def test_whole_weeks_are_compared(days: int, weeks: int) -> None:
    assert weeks_to_compare(NEW, until(NEW, days)) == weeks


def test_features_that_only_one_side_has_are_left_to_the_other_checks() -> None:
    assert failed(changed(NEW, unit_price=np.nan)) == {}
    assert failed(NEW, changed(OLD, unit_price=np.nan)) == {}
