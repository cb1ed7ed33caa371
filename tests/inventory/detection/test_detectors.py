"""Each detector against brute force, and against what is planted into simulated sales."""

from __future__ import annotations

from collections import Counter
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from contracts.arrays import Flags, Floats
from inventory.detection.calibration import KNOTS, Calibration
from inventory.detection.discoveries import discoveries
from inventory.detection.distribution import Demand
from inventory.detection.evidence import Evidence, weigh
from inventory.detection.kinds import KINDS, WORDS
from inventory.detection.promotions import missed_promotions
from inventory.detection.shifts import find_shifts
from inventory.detection.standstill import frozen_stores, repeated_runs, silent_runs
from inventory.detection.watching import Finding, Span, watch

RIGHT = Calibration(np.log(KNOTS), np.log(KNOTS), 0.0, (0.0,) * 3, (0.0,) * 3)
SERIES, PERIODS, STORES = 600, 14, 12


def made_up(seed: int) -> Span:
    """Sales as they were expected, of stores with fifty products each."""
    rng = np.random.default_rng(seed)
    mean = np.exp(rng.normal(1.5, 0.8, (SERIES, 1))) * np.exp(rng.normal(0, 0.2, (1, PERIODS)))
    demand = Demand(mean, np.full(mean.shape, 4.0), np.full(mean.shape, 0.03))
    units = rng.poisson(rng.gamma(demand.size, mean / demand.size)).astype(np.float64)
    units[rng.random(units.shape) < demand.zero] = 0
    number = np.arange(SERIES)
    every = np.ones(units.shape, bool)
    return Span(
        np.array([f"S{i % STORES:02d}" for i in number], object),
        np.array([f"P{i // STORES:02d}" for i in number], object),
        np.array([f"C{i // STORES % 5}" for i in number], object),
        20_000 + np.arange(PERIODS),
        demand,
        demand,
        ~every,
        units,
        every,
        every,
    )


def evidence_of(span: Span) -> Evidence:
    return weigh(span.demand, RIGHT, span.units, span.judged, span.known)


def keys(found: list[Finding]) -> set[tuple[str, str, str, str]]:
    return {(one.kind, one.level, one.store, one.product) for one in found}


@given(st.lists(st.floats(0, 1), max_size=40), st.floats(0.01, 0.5), st.randoms())
def test_discoveries_are_those_of_the_definition(p_values: list[float], rate: float, random: Any) -> None:
    """The largest k whose k-th p-value is at most k / m of the rate, and all up to it."""
    values = np.array(p_values)
    asked = np.array([random.random() < 0.8 for _ in p_values], bool)
    kept = np.sort(values[asked])
    under = [k for k in range(1, len(kept) + 1) if kept[k - 1] <= rate * k / len(kept) - 1e-12]
    most = [k for k in range(1, len(kept) + 1) if kept[k - 1] <= rate * k / len(kept) + 1e-12]
    found = discoveries(values, asked, rate)
    assert max(under, default=0) <= found.sum() <= max(most, default=0) and not found[~asked].any()
    if found.any():
        assert (values[found].max() < values[asked & ~found]).all()


def test_false_ones_among_the_discoveries_are_as_few_as_promised() -> None:
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(300):
        p_values = rng.random(500)
        p_values[:50] = stats.norm.sf(rng.normal(3.5, 1, 50))
        found = discoveries(p_values, np.ones(500, bool), 0.1)
        shares.append(found[50:].sum() / max(found.sum(), 1))
    assert np.mean(shares) == pytest.approx(0.1 * 450 / 500, abs=0.02)


@pytest.mark.parametrize("correlation", [0.0, 0.4])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_shifts_alarm_no_more_often_than_their_p_values_say(
    direction: Literal["up", "down"], correlation: float
) -> None:
    rng = np.random.default_rng(2)
    shape = (40_000, PERIODS)
    scores = np.sqrt(correlation) * rng.normal(size=(shape[0], 1)) + np.sqrt(1 - correlation) * rng.normal(
        size=shape
    )
    found = find_shifts(scores, rng.random(shape) < 0.9, correlation, direction).p_values
    for level in (0.05, 0.01, 0.001):
        assert (found <= level).mean() <= 1.2 * level
    # The bound over the templates costs power, but not all of it.
    assert (found <= 0.05).mean() >= 0.004


def test_the_likeliest_shift_is_that_of_brute_force() -> None:
    rng = np.random.default_rng(3)
    scores, there = rng.normal(size=(50, 9)) + np.linspace(0, 2, 9), rng.random((50, 9)) < 0.8
    found = find_shifts(scores, there, 0.2, "up")
    for row in range(50):
        best: tuple[float, int, bool] = (-np.inf, 0, False)
        for begin in range(9 - 4 + 1):
            for gradual in (False, True) if 9 - begin >= 6 else (False,):
                weights = np.zeros(9)
                weights[begin:] = np.arange(1, 10 - begin) / (9 - begin) if gradual else 1.0
                weights *= there[row]
                if (weights > 0).sum() < 4:
                    continue
                covariance = 0.8 * np.eye(9) + 0.2
                total = weights @ np.clip(scores[row], -3, 3) / np.sqrt(weights @ covariance @ weights)
                if total > best[0] + 1e-9:
                    best = (total, begin, gradual)
        count = 6 + 4
        if np.isfinite(best[0]):
            assert found.p_values[row] == pytest.approx(min(count * stats.norm.sf(best[0]), 1.0), rel=1e-9)
            assert (found.begins[row], found.gradual[row]) == best[1:]
        else:
            assert found.p_values[row] == 1


def test_a_silent_run_is_as_unlikely_as_all_of_its_periods_together() -> None:
    units = np.array([[5.0, 0, 0, 9, 0], [0, 3, 0, 0, 0], [1, 1, 1, 1, 1]])
    demand = Demand(np.full(units.shape, 4.0), np.full(units.shape, 2.0), np.full(units.shape, 0.1))
    judged = np.ones(units.shape, bool)
    judged[0, 3] = False
    evidence = weigh(demand, RIGHT, units, judged, judged)
    none = 0.1 + 0.9 * stats.nbinom(2.0, 2 / 6).pmf(0)
    found = silent_runs(evidence, 0.0)
    np.testing.assert_allclose(found.p_values, [none**3, none**3, 1.0], rtol=1e-9)
    assert list(found.begins[:2]) == [1, 2]
    # Three that err together to a half count as 3 / (1 + 2 / 2).
    np.testing.assert_allclose(silent_runs(evidence, 0.5).p_values[0], none**1.5, rtol=1e-9)


def test_a_repeated_run_is_as_unlikely_as_its_repetitions() -> None:
    units = np.array([[1.0, 7, 7, 7], [7, 7, 7, 2], [0, 0, 0, 0]])
    demand = Demand(np.full(units.shape, 4.0), np.full(units.shape, 2.0), np.zeros(units.shape))
    every = np.ones(units.shape, bool)
    found = repeated_runs(weigh(demand, RIGHT, units, every, every), 0.0)
    same = stats.nbinom(2.0, 2 / 6).pmf(7)
    np.testing.assert_allclose(found.p_values, [same**2, 1.0, 1.0], rtol=1e-9)
    assert found.begins[0] == 2


def test_a_store_is_frozen_only_where_all_of_its_series_are() -> None:
    span = made_up(4)
    first, second = span.store == "S00", span.store == "S01"
    span.units[first, 5] = 0
    span.units[second, 9] = span.units[second, 8]
    store = np.unique(span.store, return_inverse=True)[1]
    days = frozen_stores(evidence_of(span), store, 0.0)
    assert list(zip(*np.nonzero(days.empty < 1), strict=True)) == [(0, 5)] and days.empty[0, 5] < 1e-20
    assert list(zip(*np.nonzero(days.repeated < 1), strict=True)) == [(1, 9)] and days.repeated[1, 9] < 1e-20
    span.units[np.flatnonzero(first)[0], 5] = 1
    assert (frozen_stores(evidence_of(span), store, 0.0).empty == 1).all()


@pytest.mark.parametrize(("happened", "found"), [(True, False), (False, True)])
def test_a_promotion_is_missed_where_plain_days_explain_the_sales(happened: bool, found: bool) -> None:
    shape = (1, PERIODS)
    promised, plain = (Demand(np.full(shape, m), np.full(shape, 5.0), np.zeros(shape)) for m in (30.0, 10.0))
    promoted = np.zeros(shape, bool)
    promoted[0, 4:9] = True
    units = np.where(promoted & happened, 29.0, 10.0)
    demand = Demand(np.where(promoted, promised.mean, plain.mean), plain.size, plain.zero)
    every = np.ones(shape, bool)
    evidence = weigh(demand, RIGHT, units, every, every)
    (p_value,) = missed_promotions(evidence, demand, plain, promoted, 0.0)
    assert (p_value < 1e-3) == found
    assert missed_promotions(evidence, plain, plain, promoted, 0.0)[0] == 1
    assert missed_promotions(evidence, demand, plain, ~every, 0.0)[0] == 1


def test_clean_sales_give_as_few_findings_as_promised() -> None:
    """With nothing to find, every discovery is false: a family has one at most as often as the rate says."""
    families = Counter[tuple[str, str, int]]()
    rounds = 40
    for seed in range(rounds):
        found = watch(made_up(100 + seed), RIGHT, 0.05)
        families.update({(one.kind, one.level, one.since if one.kind == "spike" else 0) for one in found})
    by_kind = Counter[tuple[str, str]]()
    for (kind, level, _), count in families.items():
        by_kind[kind, level] += count
    for (kind, level), count in by_kind.items():
        asked = rounds * (PERIODS if kind == "spike" else 1)
        assert stats.binomtest(count, asked, 0.05, alternative="greater").pvalue > 1e-3, (kind, level, count)


def _planted(name: str) -> tuple[Span, Flags]:
    span = made_up(7)
    # Series that are expected to sell something, each of another store and product.
    chosen = np.flatnonzero(span.demand.expected.min(axis=1) > 4)[::13][:8]
    late: Floats = span.units[chosen, 6:]
    if name == "spike":
        span.units[chosen, 9] = 6 * span.demand.expected[chosen, 9] + 20
    elif name == "phantom_stock":
        late[:] = 0
    elif name == "level_shift_up":
        late[:] = np.round(4 * late + 5)
    elif name == "level_shift_down":
        late[:] = np.round(0.1 * late)
        late[:, -1] = 1
    elif name == "fading":
        left = np.linspace(1, 0, PERIODS) ** 2
        span.units[chosen] = np.round(span.demand.expected[chosen] * left)
        span.units[chosen, -1] = 1
    elif name == "frozen_feed":
        late[:] = span.units[chosen, 5:6] + 1
    span.units[chosen, 6:] = late if name not in ("fading", "spike") else span.units[chosen, 6:]
    marked = np.zeros(SERIES, bool)
    marked[chosen] = True
    return span, marked


@pytest.mark.parametrize(
    "kind", ["spike", "phantom_stock", "level_shift_up", "level_shift_down", "fading", "frozen_feed"]
)
def test_what_is_planted_is_found_by_its_name(kind: str) -> None:
    span, planted = _planted(kind)
    found = [one for one in watch(span, RIGHT, 0.05) if one.level == "series"]
    there = {(span.store[i], span.product[i]) for i in np.flatnonzero(planted)}
    named = {(one.store, one.product) for one in found if one.kind == kind}
    assert len(named & there) >= 0.75 * len(there), found
    assert len(named - there) <= 3
    for one in found:
        if (one.store, one.product) in there and one.kind == kind:
            assert one.expected > 0 and 0 <= one.p_value < 0.05 and one.since <= one.until <= 20_013


def test_a_frozen_store_is_one_finding_and_not_fifty() -> None:
    span = made_up(8)
    span.units[span.store == "S03", -3:] = 0
    found = watch(span, RIGHT, 0.01)
    assert [(one.kind, one.level, one.store, one.since) for one in found] == [
        ("frozen_feed", "store", "S03", 20_011)
    ]
    assert found[0].seen == 0 and found[0].expected > 300


def test_a_store_that_falls_is_named_as_a_whole() -> None:
    span = made_up(9)
    rows = span.store == "S05"
    span.units[rows, 5:] = np.floor(0.5 * span.units[rows, 5:])
    found = keys(watch(span, RIGHT, 0.05))
    assert ("level_shift_down", "store", "S05", "") in found


def test_no_series_is_no_matter() -> None:
    span = made_up(1)
    none = np.zeros(SERIES, bool)
    arrays = {
        name: getattr(span, name)[none]
        for name in ("store", "product", "category", "promoted", "units", "judged", "known")
    }
    empty = span.demand.take(none)
    assert watch(Span(**arrays, dates=span.dates, demand=empty, plain=empty), RIGHT, 0.05) == []


def test_every_kind_has_its_words() -> None:
    assert set(WORDS) == set(KINDS)
