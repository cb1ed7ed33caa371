"""The checks that miss stores and products do not miss what is delisted."""

from __future__ import annotations

from dataclasses import replace

from components.data_gate.coverage import vanished_findings
from components.data_gate.standstill import idle_finding
from tests.components.data_gate.made_up import changed
from tests.components.data_gate.test_rows_checks import LIMITS, NEW, OLD, newest


def test_what_is_delisted_is_meant_to_be_gone() -> None:
    """A store whose products all ended, by rows of its own or by those of all stores."""
    gone = newest(20) & (NEW.frame["store_id"] == "s3")
    short = replace(NEW, frame=NEW.frame[~gone])
    names, day = sorted(NEW.frame["product_id"].unique()), NEW.last_day
    ended = {"s3": dict.fromkeys(names, day - 21)}
    assert vanished_findings(short, OLD, LIMITS)[0].failed
    assert not vanished_findings(replace(short, until=ended), OLD, LIMITS)[0].failed
    # One that is to be sold up to the newest date is not meant to be gone.
    sold = {"s3": ended["s3"] | {names[0]: day}}
    assert vanished_findings(replace(short, until=sold), OLD, LIMITS)[0].failed

    without = replace(NEW, frame=NEW.frame[~(newest(20) & NEW.frame["product_id"].isin(names[:6]))])
    assert vanished_findings(without, OLD, LIMITS)[1].failed
    until = {"": dict.fromkeys(names[:6], day - 21)}
    assert vanished_findings(replace(without, until=until), OLD, LIMITS)[1].value == 0


def test_a_store_that_sells_no_more_is_not_idle() -> None:
    idle = changed(
        NEW, units_sold=NEW.frame["units_sold"].mask(newest(20) & (NEW.frame["store_id"] == "s1"), 0)
    )
    assert idle_finding(idle, LIMITS).failed
    ended = dict.fromkeys(NEW.frame["product_id"].unique(), NEW.last_day - 20)
    assert not idle_finding(replace(idle, until={"s1": ended}), LIMITS).failed
    assert idle_finding(replace(idle, until={"s2": ended}), LIMITS).failed
