"""The checks of the model gate: each a comparison of one metric with one threshold, with its reason.

A metric that is missing or no number never passes.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

from components.model_gate import remedies
from contracts.records.checks import WHOLE, ModelCheck, Verdict
from inventory.paired_ratio import Interval


def _compared(
    sign: float,
    rule: str,
    check: str,
    model: str,
    value: float | None,
    threshold: float,
    slice_: str = WHOLE,
    note: str = "",
    *,
    remedy: str,
) -> ModelCheck:
    there = value is not None and math.isfinite(value)
    margin = None if value is None or not there else sign * (value - threshold)
    passed = margin is not None and margin >= 0
    rule = f"must be {rule} {threshold:g}{note}"
    return ModelCheck(
        check=check,
        model=model,
        slice=slice_,
        value=value,
        threshold=threshold,
        margin=margin,
        verdict="pass" if passed else "stop",
        reason=rule if there else f"there is no figure, and it {rule}",
        remedy="" if passed else remedy if there else remedies.NO_VALUE,
    )


at_least = functools.partial(_compared, 1.0, "at least")
"""The check of a model that passes where value >= threshold."""
at_most = functools.partial(_compared, -1.0, "at most")
"""The check of a model that passes where value <= threshold."""


def decided(check: str, model: str, reason: str) -> ModelCheck:
    """What is not compared, by a decision that is thereby on record."""
    return _not_compared(check, model, "pass", reason, "")


def failed(check: str, model: str, reason: str, remedy: str = remedies.NO_VALUE) -> ModelCheck:
    """What cannot be compared, and must not pass for that."""
    return _not_compared(check, model, "stop", reason, remedy)


def _not_compared(check: str, model: str, verdict: Verdict, reason: str, remedy: str) -> ModelCheck:
    return ModelCheck(
        check=check,
        model=model,
        slice=WHOLE,
        value=None,
        threshold=None,
        margin=None,
        verdict=verdict,
        reason=reason,
        remedy=remedy,
    )


def calibration(
    model: str, coverage: Mapping[str, Mapping[str, float]], band: float, of: str = ""
) -> list[ModelCheck]:
    """For each quantile level, how far it lies outside of the shares of demand below and up to its quantile.

    Args:
        model: whose quantiles they are.
        coverage: by level as text (components.policy_comparison.calibration.coverage_at_level).
        band: largest distance.
        of: what is forecast, in words after "quantile <level>", where it is not a period.
    """
    if not coverage:
        return [failed("calibration", model, "there are no quantiles to judge")]
    checks = []
    for text, shares in coverage.items():
        level, below, at_most_ = float(text), shares["below_at_level"], shares["at_most_at_level"]
        # NaN where nothing was observed: max would hide it.
        away = max(below - level, level - at_most_, 0.0) if math.isfinite(below + at_most_) else math.nan
        moved = f", all forecasts taken times {shares['level']:.3f}, as all series together moved"
        note = f"; of the demand {below:.1%} lay below and {at_most_:.1%} up to it{moved}"
        check = f"distance of quantile {text}{of} from its coverage"
        checks.append(at_most(check, model, away, band, note=note, remedy=remedies.CALIBRATION))
    return checks


def cheaper_than_base_stock(model: str, interval: Interval, threshold: float) -> ModelCheck:
    """Proof of being cheaper is asked for: the upper end of the interval counts."""
    note = f"; simulated cost {_change(interval)} base stock's"
    check = "simulated cost against base stock, upper end"
    return at_most(check, model, interval.high, threshold, note=note, remedy=remedies.BASE_STOCK_COST)


def not_dearer_than_incumbent(model: str, interval: Interval, threshold: float) -> ModelCheck:
    """Proof of being dearer is asked for: the lower end of the interval counts.

    A model trained on newer data that is as good is worth serving, and two equal models differ by chance; asking
    for proof of an improvement would keep nearly every retrained model from serving.
    """
    note = f"; simulated cost {_change(interval)} the incumbent's"
    check = "simulated cost against the incumbent, lower end"
    return at_most(check, model, interval.low, threshold, note=note, remedy=remedies.INCUMBENT)


def not_dearer_than(model: str, other: str, interval: Interval, threshold: float) -> ModelCheck:
    """The same against another policy than the one that plans: it was chosen in weeks before these."""
    note = f"; simulated cost {_change(interval)} that of {other}"
    check = f"simulated cost against {other}, lower end"
    return at_most(check, model, interval.low, threshold, note=note, remedy=remedies.OTHER_COST)


def _change(interval: Interval) -> str:
    return f"{interval.estimate:+.1%} ({interval.low:+.1%} to {interval.high:+.1%}) against"
