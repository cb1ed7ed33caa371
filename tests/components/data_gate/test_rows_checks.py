"""Missing and unseen values, restatement, coverage, and series that stand still, each with a clean counterpart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.data_gate.batch_rows import BatchRows, load_table, newest_week, rows_of
from components.data_gate.coverage import future_finding, progress_finding, vanished_findings
from components.data_gate.gate import row_findings
from components.data_gate.proportion import proportion_findings
from components.data_gate.restatement import restatement_findings
from components.data_gate.severity import Limits
from components.data_gate.standstill import frozen_findings, idle_finding, sent_twice_finding
from components.data_gate.values import (
    kind_findings,
    missing_findings,
    range_findings,
    serving_findings,
    unseen_findings,
)
from contracts.records.checks import FeatureCheck
from contracts.rows import write_shard
from tests.components.data_gate.made_up import batch, changed, until

LIMITS = Limits()
NEW = batch()
OLD = until(NEW, 7)


def failed(findings: list[FeatureCheck]) -> dict[str, FeatureCheck]:
    return {finding.feature: finding for finding in findings if finding.failed}


def newest(days: int) -> pd.Series:
    return NEW.frame["date"] > NEW.last_day - days


def test_clean_rows_pass_every_check() -> None:
    assert failed(row_findings(NEW, OLD, {}, LIMITS, NEW.last_day)) == {}
    assert failed(row_findings(NEW, None, {}, LIMITS, NEW.last_day)) == {}


def test_no_check_changes_the_rows() -> None:
    before, trained = NEW.frame.copy(), OLD.frame.copy()
    row_findings(NEW, OLD, {}, LIMITS, NEW.last_day)
    pd.testing.assert_frame_equal(NEW.frame, before)
    pd.testing.assert_frame_equal(OLD.frame, trained)


def test_shards_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    import pyarrow as pa

    for store, rows in NEW.frame.groupby("store_id"):
        write_shard(pa.Table.from_pandas(rows, preserve_index=False), tmp_path / f"{store}.parquet")
    table = load_table(sorted(map(str, tmp_path.glob("*.parquet"))))
    loaded = rows_of(table, 1, ("temperature", "not there"))
    pd.testing.assert_frame_equal(
        newest_week(table).to_pandas(), loaded.newest(1).reset_index(drop=True), check_like=True
    )
    assert loaded.external == ("temperature",)
    pd.testing.assert_frame_equal(loaded.frame, NEW.frame)


def test_missing_prices_are_named_with_their_share() -> None:
    some = newest(7) & NEW.frame["product_id"].isin(["p00", "p01", "p02"])
    new = changed(NEW, unit_price=NEW.frame["unit_price"].mask(some))
    finding = failed(missing_findings(new, OLD, LIMITS))["unit_price"]
    sold = NEW.frame["units_sold"] > 0
    assert finding.value == pytest.approx((some & sold).sum() / (newest(7) & sold).sum())
    assert {row.product_id for row in finding.rows} == {"p00"}
    assert set(failed(serving_findings(new, LIMITS))) == {"unit_price"}


def test_a_column_that_stays_away_is_missing_everywhere() -> None:
    new = replace(NEW, frame=NEW.frame.drop(columns="unit_price"))
    assert failed(missing_findings(new, OLD, LIMITS))["unit_price"].value == 1


def test_a_column_that_is_mostly_empty_may_be_empty() -> None:
    days = NEW.frame["date"]
    event = pd.Series(["fair" if day % 20 == 0 else None for day in days], index=NEW.frame.index)
    assert failed(serving_findings(changed(NEW, event=event.mask(newest(30))), LIMITS)) == {}


def test_units_are_no_matter_for_serving() -> None:
    new = changed(NEW, units_sold=NEW.frame["units_sold"].mask(newest(7)))
    assert failed(serving_findings(new, LIMITS)) == {}


def test_a_column_that_changed_its_kind_stops_and_is_compared_with_nothing_else() -> None:
    words = NEW.frame["temperature"].map(lambda degrees: "warm" if degrees > 12 else "cold")
    for new, old in (
        (changed(NEW, temperature=words), OLD),
        (NEW, until(changed(NEW, temperature=words), 7)),
    ):
        found = row_findings(new, old, {}, LIMITS, NEW.last_day)
        finding = failed(kind_findings(new, old))["temperature"]
        assert finding in found and finding.rows
        assert [other.check for other in found if other.failed and other.feature == "temperature"] == [
            "changed_kind"
        ]
    empty = changed(NEW, temperature=None)
    assert failed(kind_findings(empty, OLD)) == {} == failed(kind_findings(NEW, until(empty, 7)))


def test_an_unseen_category_is_named() -> None:
    strange = newest(3) & (NEW.frame["product_id"] == "p03")
    new = changed(NEW, category=NEW.frame["category"].mask(strange, "alien"))
    finding = failed(unseen_findings(new, OLD))["category"]
    assert "'alien'" in finding.reason
    assert finding.rows[0].product_id == "p03" and finding.rows[0].value == "alien"


def test_another_unit_of_temperature_leaves_the_range() -> None:
    warm = NEW.frame["temperature"] * 1.8 + 32
    assert set(failed(range_findings(changed(NEW, temperature=warm), OLD))) == {"temperature"}
    assert failed(range_findings(changed(NEW, temperature=NEW.frame["temperature"] + 3), OLD)) == {}


def test_restated_values_are_counted_as_a_loop_counts_them() -> None:
    random = np.random.default_rng(4)
    hit = random.random(len(NEW.frame)) < 0.4
    new = changed(NEW, units_sold=NEW.frame["units_sold"] + hit)
    before = {
        (r.store_id, r.product_id, r.date): r.units_sold
        for r in OLD.frame[OLD.frame["date"] < OLD.last_day].itertuples()
    }
    common = OLD.frame["units_sold"].mode()[0]
    changes = telling = 0
    for row in new.frame.itertuples():
        was = before.get((row.store_id, row.product_id, row.date))
        if was is not None:
            changes += row.units_sold != was
            telling += row.units_sold != common or was != common
    finding = failed(restatement_findings(new, OLD, LIMITS))["units_sold"]
    assert finding.value == pytest.approx(changes / telling)
    assert f"{changes} of {len(before)} rows" in finding.reason
    assert " -> " in str(finding.rows[0].value)


def test_a_newest_day_that_was_delivered_before_its_end_is_no_restatement() -> None:
    begun = OLD.frame["units_sold"].where(OLD.frame["date"] < OLD.last_day, 0)
    week = replace(NEW, frame=NEW.frame[NEW.frame["date"] > OLD.last_day - 3])
    assert failed(restatement_findings(week, changed(OLD, units_sold=begun), LIMITS)) == {}
    assert failed(restatement_findings(week, changed(OLD, units_sold=OLD.frame["units_sold"] + 1), LIMITS))


def test_late_corrections_pass() -> None:
    hit = np.random.default_rng(5).random(len(NEW.frame)) < 0.05
    assert (
        failed(restatement_findings(changed(NEW, units_sold=NEW.frame["units_sold"] + hit), OLD, LIMITS))
        == {}
    )


def test_holidays_that_move_by_a_day_are_restated_though_few_rows_change() -> None:
    moved = ((NEW.frame["date"] - NEW.frame["date"].min()) % 30 == 6).astype(np.float32)
    finding = failed(restatement_findings(changed(NEW, holiday=moved), OLD, LIMITS))["holiday"]
    assert finding.value == 1 and finding.check == "restated_external"


def test_spans_without_a_common_date_restate_nothing() -> None:
    old = replace(OLD, frame=OLD.frame.assign(date=OLD.frame["date"] - 1000))
    assert restatement_findings(NEW, old, LIMITS) == []


def test_a_date_to_come_is_told_in_days() -> None:
    assert not future_finding(NEW, NEW.last_day).failed
    finding = future_finding(NEW, NEW.last_day - 3)
    assert finding.failed and finding.value == 3 and (finding.rows[0].date or "") > "2022"


def test_a_batch_that_is_no_newer_is_told() -> None:
    assert not progress_finding(NEW, OLD).failed
    assert progress_finding(OLD, OLD).failed and progress_finding(OLD, NEW).failed


def test_a_vanished_store_is_named_with_its_last_sale() -> None:
    gone = (NEW.frame["store_id"] == "s2") & newest(10)
    store, products = vanished_findings(replace(NEW, frame=NEW.frame[~gone]), OLD, LIMITS)
    assert store.failed and store.reason.endswith(": s2") and store.rows[0].store_id == "s2"
    assert not products.failed


def test_vanished_products_are_a_share() -> None:
    def without(count: int) -> FeatureCheck:
        gone = NEW.frame["product_id"].isin([f"p{i:02d}" for i in range(count)]) & newest(10)
        return vanished_findings(replace(NEW, frame=NEW.frame[~gone]), OLD, LIMITS)[1]

    assert without(2).failed and without(2).value == pytest.approx(2 / 12)
    assert not without(0).failed


def test_a_frozen_sensor_is_told_from_a_calendar() -> None:
    new = changed(NEW, temperature=NEW.frame["temperature"].mask(newest(15), 9.5))
    found = failed(frozen_findings(new, OLD, LIMITS))
    assert set(found) == {"temperature"} and found["temperature"].rows[0].value == 9.5
    assert failed(frozen_findings(NEW, OLD, LIMITS)) == {}


def test_rain_that_rested_as_long_before_is_not_frozen() -> None:
    day = NEW.frame["date"] - NEW.frame["date"].min()
    dry = ((day >= 30) & (day < 50)) | newest(20)
    rain = changed(NEW, temperature=NEW.frame["temperature"].mask(dry, 0.0))
    assert failed(frozen_findings(rain, OLD, LIMITS)) == {}


def test_what_sells_the_same_each_week_was_not_sent_twice() -> None:
    day = NEW.frame["date"] % 7
    for units in (day, day * 0 + 5):
        assert not sent_twice_finding(changed(NEW, units_sold=units.astype(np.float32)), OLD).failed


def test_a_batch_cut_before_the_span_trained_on_is_looked_at_by_itself() -> None:
    early = until(NEW, 40)
    assert failed([sent_twice_finding(early, NEW), *frozen_findings(early, NEW, LIMITS)]) == {}


def test_prices_that_come_with_a_sale_are_not_missed_without_one() -> None:
    sold = NEW.frame["units_sold"] > 4
    of_a_sale = changed(
        NEW, unit_price=NEW.frame["unit_price"].where(sold), units_sold=NEW.frame["units_sold"].where(sold, 0)
    )
    assert failed(missing_findings(of_a_sale, until(of_a_sale, 7), LIMITS)) == {}
    assert failed(serving_findings(of_a_sale, LIMITS)) == {}


def test_a_store_that_often_rests_is_not_gone_after_a_week() -> None:
    rests = (NEW.frame["store_id"] == "s2") & (NEW.frame["date"] % 20 != 0)
    new = replace(NEW, frame=NEW.frame[~rests])
    rested = (new.frame["store_id"] == "s2") & (new.frame["date"] > NEW.last_day - 11)
    cut = replace(new, frame=new.frame[~rested])
    assert not vanished_findings(cut, until(cut, 9), LIMITS)[0].failed


def test_a_store_that_sells_nothing_is_named() -> None:
    idle = newest(7) & (NEW.frame["store_id"] == "s1")
    finding = idle_finding(changed(NEW, units_sold=NEW.frame["units_sold"].mask(idle, 0)), LIMITS)
    assert finding.failed and finding.rows[0].store_id == "s1"
    assert not idle_finding(NEW, LIMITS).failed


@pytest.mark.parametrize("lag", [28, 30, 31])
def test_a_month_sent_again_is_found_by_its_lag(lag: int) -> None:
    month = NEW.frame[newest(lag)]
    twice = replace(NEW, frame=pd.concat([NEW.frame, month.assign(date=month["date"] + lag)]))
    finding = sent_twice_finding(twice, OLD)
    assert finding.failed and f"same {lag} days before" in finding.reason
    alone: BatchRows = replace(NEW, frame=month.assign(date=month["date"] + lag))
    assert sent_twice_finding(alone, NEW).failed
    assert not sent_twice_finding(NEW, OLD).failed


def test_newest_values_out_of_proportion() -> None:
    struck = newest(1) & NEW.frame.product_id.isin(["p03", "p04"]) & (NEW.frame.store_id == "s0")
    for name, factor in (("units_sold", 100), ("unit_price", 100), ("unit_price", 0.01)):
        corrupted = changed(NEW, **{name: NEW.frame[name].mask(struck, NEW.frame[name] * factor)})
        for old in (OLD, None):
            found = failed(proportion_findings(corrupted, old, LIMITS))
            assert set(found) == {name}
            assert name == "units_sold" or found[name].value == pytest.approx(100)
            assert {row.product_id for row in found[name].rows} == {"p03", "p04"}
    # A batch of one week alone is held against the span before.
    alone = replace(corrupted, frame=corrupted.frame[newest(7)])
    assert set(failed(proportion_findings(alone, OLD, LIMITS))) == {"unit_price"}
    assert failed(proportion_findings(alone, None, LIMITS)) == {}
    # What was large before is no slip when it comes again.
    before = (
        newest(40) & ~newest(39) & NEW.frame.product_id.isin(["p03", "p04"]) & (NEW.frame.store_id == "s0")
    )
    again = changed(NEW, units_sold=NEW.frame.units_sold.mask(struck | before, NEW.frame.units_sold * 100))
    assert failed(proportion_findings(again, OLD, LIMITS)) == {}


def test_closed_days_are_neither_missing_nor_restated_nor_idle() -> None:
    weekend = (NEW.frame["date"] + 3) % 7 > 4
    week = newest(7) & (NEW.frame["store_id"] == "s1")
    nothing = changed(OLD, units_sold=OLD.frame["units_sold"].mask(weekend, 0))
    learned = changed(
        NEW,
        units_sold=NEW.frame["units_sold"].mask(weekend | week),
        open=(~(weekend | week)).astype(int),
        open_planned=np.where(newest(7), np.nan, 1.0),
        closed_weekdays=96,
    )
    assert failed(row_findings(learned, nothing, {}, LIMITS, NEW.last_day)) == {}
    # Without the word that they are closed, all of it would be told.
    unsaid = replace(learned, frame=learned.frame.drop(columns=["open", "open_planned", "closed_weekdays"]))
    found = row_findings(unsaid, nothing, {}, LIMITS, NEW.last_day)
    assert {finding.check for finding in found if finding.failed} >= {"missing", "restated"}
