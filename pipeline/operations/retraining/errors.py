"""The errors of the pair that serves, against what the gate saw of it when it was blessed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from contracts.arrays import Floats
from contracts.records.retraining import Finding, ReasonName
from pipeline.operations.retraining.figures import Figures, Pair, Period
from pipeline.operations.retraining.sequential_test import chart, noise_of
from pipeline.retraining_options import RetrainingOptions

LOOK_BACK = 98
"""Newest periods that the noise and the errors are taken from; a pair that serves for longer is judged by these."""
_DAYS_A_YEAR = 365.25
_FEWEST = 4
_NAMES: tuple[ReasonName, ...] = ("accuracy", "bias_high", "bias_low")
"""The charts; they share the rate of false alarms."""


def error_findings(figures: Figures, pair: Pair, options: RetrainingOptions) -> list[Finding]:
    """Accuracy, and bias on either side; the value is the chart's sum, the bound its limit.

    The noise comes from the periods of all pairs but for the newest ones, which are under suspicion; that one pair errs
    otherwise than another is none.
    """
    scored = [
        period
        for period in figures.periods
        if period.units > 0 and period.observed >= options.scored_share * period.forecasts
    ][-LOOK_BACK:]
    own = [period for period in scored if period.version == pair.version]
    if len(own) < options.least_periods:
        return [
            _unknown(name, f"{len(own)} of {options.least_periods} periods of pair {pair.version} are scored")
            for name in _NAMES
        ]
    before = [period for period in scored if period.date < own[0].date]
    known = [*before, *own]
    reference = known[: max(options.least_periods, len(known) - options.least_periods)]
    return list(_charts(figures, pair, own, reference, options))


def _charts(
    figures: Figures,
    pair: Pair,
    own: Sequence[Period],
    reference: Sequence[Period],
    options: RetrainingOptions,
) -> Iterator[Finding]:
    wape, usual_wape = _of(own, "wape"), _levelled(reference, "wape")
    bias, usual_bias = _of(own, "bias"), _levelled(reference, "bias")
    if pair.wape is None or pair.bias is None:
        for name in _NAMES:
            yield _unknown(name, "the pair's manifest does not say what the gate saw of it")
        return
    most = pair.wape * (1 + options.accuracy_tolerance)
    asks: list[tuple[ReasonName, float, Floats, Floats, float, str]] = [
        ("accuracy", pair.wape, wape - most, usual_wape, most, "error (WAPE)"),
        ("bias_high", pair.bias, bias - pair.bias - options.bias_tolerance, usual_bias,
         pair.bias + options.bias_tolerance, "bias"),
        ("bias_low", pair.bias, pair.bias - options.bias_tolerance - bias, usual_bias,
         pair.bias - options.bias_tolerance, "bias"),
    ]  # fmt: skip
    apart = _DAYS_A_YEAR / figures.period_days / options.false_alarms
    season = 7 if figures.period_days == 1 else 1
    for name, promised, excess, usual, bound, spoken in asks:
        noise = noise_of(usual, season) if len(usual) > season + 1 else 0.0
        if noise == 0:
            yield _unknown(name, "the scored periods do not tell how much the figure varies by itself")
            continue
        found = chart(excess, noise, len(_NAMES) * apart)
        newest = (wape if name == "accuracy" else bias)[-max(found.periods, 1) :].mean()
        yield Finding(
            name=name,
            value=found.statistic,
            bound=found.limit,
            crossed=found.rings,
            said=f"{spoken} of pair {pair.version} was {promised:.1%} at the gate and {newest:.1%} in the newest "
            f"{max(found.periods, 1)} period(s), accepted up to {bound:.1%}; sum of its excess {found.statistic:.1f} "
            f"standard deviations, limit {found.limit:.1f} (one false alarm in {apart:,.0f} periods)",
        )


def _of(periods: Sequence[Period], name: str) -> Floats:
    return np.array([getattr(period, name) for period in periods], np.float64)


def _levelled(periods: Sequence[Period], name: str) -> Floats:
    """The figure less its median under the same pair; without pairs that served for too short to have one."""
    by_version: dict[int, list[Period]] = {}
    for period in periods:
        by_version.setdefault(period.version, []).append(period)
    parts = [_of(found, name) for found in by_version.values() if len(found) >= _FEWEST]
    return np.concatenate([part - np.median(part) for part in parts] or [np.empty(0)])


def _unknown(name: ReasonName, said: str) -> Finding:
    return Finding(name=name, value=None, bound=None, crossed=False, said=f"not judged: {said}")
