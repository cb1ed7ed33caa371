"""What asks for a training, and what holds one back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from contracts.records.retraining import Decision
from pipeline.operations.retraining.decision import Order, decide
from pipeline.operations.retraining.figures import Training
from pipeline.retraining_options import RetrainingOptions
from tests.pipeline.operations.retraining.made_up import LAST, NOW, PAIR, PUSHED, figures, periods

DEFAULTS = RetrainingOptions()


def crossed(decision: Decision) -> set[str]:
    return {finding.name for finding in (*decision.reasons, *decision.guards) if finding.crossed}


def test_a_pair_that_does_as_promised_is_left_alone() -> None:
    found = decide(figures(), DEFAULTS, NOW)
    assert not found.due and crossed(found) == set()
    assert {finding.name for finding in found.reasons} == {
        "accuracy", "bias_high", "bias_low", "drift", "schema", "new_items", "age",
    }  # fmt: skip
    assert found.pair == 7 and found.newest_date == LAST


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"periods": periods(wape=0.45)}, "accuracy"),
        ({"periods": periods(bias=0.2)}, "bias_high"),
        ({"periods": periods(bias=-0.2)}, "bias_low"),
        ({"drifted": ("unit_price",)}, "drift"),
        ({"schema_changes": ("new column weather",)}, "schema"),
        ({"new_share": 0.2}, "new_items"),
        ({"pair": replace(PAIR, pushed_at=NOW - timedelta(days=29))}, "age"),
    ],
)
def test_each_reason_asks_alone_and_shows_its_figure_beside_the_bound(
    changes: dict[str, Any], reason: str
) -> None:
    found = decide(figures(**changes), DEFAULTS, NOW)
    assert found.due and crossed(found) == {reason}
    (asked,) = [finding for finding in found.reasons if finding.crossed]
    assert asked.value is not None and asked.bound is not None and asked.value >= asked.bound
    assert asked.said in found.said


def test_too_few_periods_thin_ones_and_a_silent_manifest_are_not_judged_and_said() -> None:
    bad = periods(wape=0.9)
    thin = tuple(replace(period, observed=10) for period in bad)
    silent = replace(PAIR, wape=None, bias=None)
    cases: list[dict[str, Any]] = [{"periods": bad[:13]}, {"periods": thin}, {"periods": ()}]
    for changes in [*cases, {"periods": bad, "pair": silent}]:
        found = decide(figures(**changes), DEFAULTS, NOW)
        assert not found.due
        assert [f.said.startswith("not judged") for f in found.reasons if f.name == "accuracy"] == [True]


def test_errors_of_another_pair_are_not_held_against_this_one() -> None:
    others = tuple(replace(period, version=6) for period in periods(wape=0.9, count=30))
    assert not decide(figures(periods=others), DEFAULTS, NOW).due


def test_that_the_pair_before_erred_otherwise_hides_nothing() -> None:
    """As after a training on sales that doubled for a while: the pair before lay far too low, this one too high."""
    before = tuple(
        replace(period, version=6, date=period.date - timedelta(days=14))
        for period in periods(wape=0.6, bias=-0.5, count=14, noise=0.12)
    )
    both = (*before, *periods(wape=0.9, bias=0.8, count=14, noise=0.12))
    found = decide(figures(periods=both), RetrainingOptions(least_periods=5), NOW)
    (high,) = [finding for finding in found.reasons if finding.name == "bias_high"]
    # Fourteen periods, none of which may count for more than three deviations less the allowance: nearly all of it.
    assert high.crossed and high.value is not None and high.value > 0.9 * 14 * 2.5


def test_pairs_that_served_a_week_each_tell_the_noise_together() -> None:
    week = [replace(period, version=7 - i // 7) for i, period in enumerate(periods(count=28)[::-1])][::-1]
    own = tuple(
        replace(period, forecast=1.4 * period.forecast) if period.version == 7 else period for period in week
    )
    options = RetrainingOptions(least_periods=5)
    assert not decide(figures(periods=week), options, NOW).due
    assert "bias_high" in crossed(decide(figures(periods=own), options, NOW))


def test_weeks_are_judged_as_weeks() -> None:
    weekly = replace(figures(periods=periods(wape=0.5, count=10, days=7)), period_days=7)
    assert crossed(decide(weekly, RetrainingOptions(least_periods=6), NOW)) == {"accuracy"}


def test_a_workspace_that_never_trained_asks_for_it_until_the_data_were_refused() -> None:
    never = figures(pair=None, periods=(), trainings=())
    assert crossed(decide(never, DEFAULTS, NOW)) == {"never_trained"}
    refused = Training(NOW - timedelta(days=10), "refused_model", LAST, 9)
    held = decide(replace(never, trainings=(refused,)), DEFAULTS, NOW)
    assert not held.due and crossed(held) == {"never_trained", "no_new_data"}


BAD = {"periods": periods(wape=0.45)}


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"trainings": (Training(NOW - timedelta(days=5), "refused_model", LAST, 9), PUSHED)}, "no_new_data"),
        ({"trainings": (Training(NOW - timedelta(days=5), "refused_data", LAST, 9), PUSHED)}, "no_new_data"),
        ({"trainings": (Training(NOW - timedelta(days=2), "failed"), PUSHED)}, "cool_down"),
        ({"asked_at": NOW - timedelta(days=1)}, "cool_down"),
        (
            {"trainings": tuple(Training(NOW - timedelta(days=d), "failed") for d in (4, 6))},
            "budget",
        ),
    ],
)
def test_each_guard_holds_back_alone_is_told_and_gives_way_to_an_order(
    changes: dict[str, Any], guard: str
) -> None:
    given = figures(**BAD, **changes)
    found = decide(given, DEFAULTS, NOW)
    assert not found.due and crossed(found) == {"accuracy", guard}
    assert found.said.startswith("held back: ") and "WAPE" in found.said
    ordered = decide(given, DEFAULTS, NOW, Order("kim", "new assortment"))
    assert ordered.due and ordered.ordered_by == "kim" and "new assortment" in ordered.said
    assert guard in crossed(ordered)


def test_nothing_is_due_while_a_training_runs_unless_it_died() -> None:
    for hours, due in ((5, False), (30, True)):
        running = Training(NOW - timedelta(hours=hours), "running")
        options = RetrainingOptions(cool_down_days=0)
        found = decide(figures(**BAD, trainings=(running, PUSHED)), options, NOW)
        assert found.due is due and ("running" in crossed(found)) is not due


def test_a_challenger_that_is_tried_is_not_replaced() -> None:
    found = decide(figures(**BAD, challenger=9), DEFAULTS, NOW)
    assert not found.due and crossed(found) & {"challenger"}
    assert "challenger pair 9 is not decided upon yet" in found.said
    assert decide(figures(**BAD, challenger=9), DEFAULTS, NOW, Order("kim", "why not")).due


def test_after_a_refusal_corrected_files_or_a_new_period_are_new_data() -> None:
    refused = Training(NOW - timedelta(days=4), "refused_data", LAST, 9)
    for changes in ({"newest_span": 10}, {"newest_date": LAST + timedelta(days=1)}):
        assert decide(figures(**BAD, **changes, trainings=(refused, PUSHED)), DEFAULTS, NOW).due


def test_a_refused_training_does_not_loop() -> None:
    """Day by day with the real guards: new data each day, and every training is refused."""
    trainings, asked = [PUSHED], []
    for day in range(60):
        now, last = NOW + timedelta(days=day), LAST + timedelta(days=day)
        given = figures(**BAD, newest_date=last, newest_span=9 + day, trainings=tuple(trainings))
        if decide(given, DEFAULTS, now).due:
            asked.append(day)
            trainings.insert(0, Training(now, "refused_model", last, 9 + day))
    gaps = [after - before for before, after in pairwise(asked)]
    assert min(gaps) >= DEFAULTS.cool_down_days
    assert all(sum(0 <= day - d < 7 for d in asked) <= DEFAULTS.weekly_budget for day in asked)
