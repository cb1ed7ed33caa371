"""Values that are missing, were never seen, or lie far outside what was seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import norm

from components.data_gate.batch_rows import SERIES, BatchRows, weeks_to_compare
from components.data_gate.checks import example_rows, feature_check
from components.data_gate.severity import Limits
from contracts.records.checks import FeatureCheck
from contracts.rows import KEYS, OPEN, OPEN_COLUMNS

_SPARSE = 0.5
_OF_A_SALE = ("unit_price", "discount", "on_promotion")
"""What a till records with a sale: nobody need say it of a day on which nothing was sold."""


def missing_findings(new: BatchRows, old: BatchRows, limits: Limits) -> list[FeatureCheck]:
    """Share of missing values in the newest weeks against the newest weeks last trained on, by column.

    Of the series that both hold: a new product may lack what others have.
    """
    weeks = weeks_to_compare(new, old)
    now, before = (rows.newest(weeks) for rows in (new, old))
    columns = _mostly_filled(old.frame, [str(name) for name in before if name not in KEYS])
    reason = f"rise of the share of missing values in the newest {weeks} weeks, against those last trained on"
    return _missing(_of_series(now, before), _of_series(before, now), columns, "missing", reason, limits)


def serving_findings(new: BatchRows, limits: Limits) -> list[FeatureCheck]:
    """Share of missing values in the newest week, which serving would send, against the whole span, by column.

    Serving sends no labels, so that units_sold is left out.
    """
    columns = [str(name) for name in new.frame if name not in (*KEYS, "units_sold")]
    reason = (
        "rise of the share of missing values in the newest week, which serving sends, against the whole span"
    )
    columns = _mostly_filled(new.frame, columns)
    return _missing(new.newest(1), new.frame, columns, "serving_missing", reason, limits)


def _mostly_filled(span: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Without what says something by being empty: a store's calendar, and what mostly is, such as an event's name."""
    return [
        name
        for name in columns
        if name not in OPEN_COLUMNS and _expected(_needed(span, name), name)[name].isna().mean() <= _SPARSE
    ]


def _needed(span: pd.DataFrame, name: str) -> pd.DataFrame:
    """The columns that ``_expected`` looks at: a span is copied with each question."""
    return span[[column for column in dict.fromkeys((name, "units_sold", OPEN)) if column in span]]


def _expected(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """The rows that ought to have a value of a column."""
    if name == "units_sold" and OPEN in rows:
        return rows[rows[OPEN] != 0]
    return rows[rows["units_sold"] > 0] if name in _OF_A_SALE else rows


def _of_series(rows: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The rows of the series that others hold too."""
    return rows.merge(other[SERIES].drop_duplicates(), on=SERIES)


def _missing(
    now: pd.DataFrame, before: pd.DataFrame, columns: list[str], kind: str, reason: str, limits: Limits
) -> list[FeatureCheck]:
    findings = []
    for name in columns:
        newer, older = _expected(now, name), _expected(_needed(before, name), name)
        if newer.empty or older.empty:
            continue
        values = newer[name] if name in newer else pd.Series(None, index=newer.index, dtype=object)
        there = older[name].isna()
        rise = float(values.isna().mean() - there.mean())
        limit = limits.missing + _chance(values.isna(), there, limits.false_alarm)
        failed = rise > limit
        rows = example_rows(newer[values.isna()], name) if failed else ()
        findings.append(feature_check(kind, name, failed, reason, rise, limit, rows))
    return findings


def _chance(now: pd.Series, before: pd.Series, alpha: float) -> float:
    """By how much two shares of few rows differ by chance with probability alpha: the test of two proportions."""
    pooled = (now.sum() + before.sum()) / (len(now) + len(before))
    return float(norm.isf(alpha) * np.sqrt(pooled * (1 - pooled) * (1 / len(now) + 1 / len(before))))


def kind_findings(new: BatchRows, old: BatchRows) -> list[FeatureCheck]:
    """External columns that were text and are numbers now, or the other way round: no window can hold both.

    A column without any value is of either kind.
    """
    findings = []
    for name in new.external:
        if name not in old.frame or new.frame[name].isna().all() or old.frame[name].isna().all():
            continue
        now, before = ("text" if _is_text(rows.frame[name]) else "numbers" for rows in (new, old))
        strange = new.newest(1)
        rows = example_rows(strange[strange[name].notna()], name) if now != before else ()
        reason = f"{now} now" + (f", and {before} in the span last trained on" if now != before else "")
        findings.append(feature_check("changed_kind", name, now != before, reason, rows=rows))
    return findings


def unseen_findings(new: BatchRows, old: BatchRows) -> list[FeatureCheck]:
    """Texts of the newest weeks that the span last trained on does not hold; of columns that are mostly filled."""
    newest = new.newest(weeks_to_compare(new, old))
    findings = []
    there = [name for name in ("category", *new.external) if name in newest and name in old.frame]
    for name in _mostly_filled(old.frame, there):
        if not _is_text(newest[name]):
            continue
        strange = newest[newest[name].notna() & ~newest[name].isin(old.frame[name].dropna().unique())]
        values = sorted(strange[name].unique())
        shown = ", ".join(map(repr, values[:5])) + (", ..." if len(values) > 5 else "")
        reason = f"values that the span last trained on does not hold{': ' + shown if values else ''}"
        findings.append(
            feature_check(
                "unseen_value", name, bool(values), reason, len(values), 0.0, example_rows(strange, name)
            )
        )
    return findings


def range_findings(new: BatchRows, old: BatchRows) -> list[FeatureCheck]:
    """Numeric external factors against the range last trained on, widened by half of it on either side.

    A distance would only tell one season from the next; another unit (Fahrenheit for Celsius) leaves the range. One
    of two values, such as a holiday, has no range.
    """
    newest = new.newest(weeks_to_compare(new, old))
    findings = []
    for name in new.external:
        if name not in newest or name not in old.frame or _is_text(newest[name]) or _is_text(old.frame[name]):
            continue
        if old.frame[name].nunique() <= 2:
            continue
        low, high = float(old.frame[name].min()), float(old.frame[name].max())
        slack = (high - low) / 2
        outside = newest[(newest[name] < low - slack) | (newest[name] > high + slack)]
        reason = f"share of the newest values outside {low - slack:.4g} to {high + slack:.4g}"
        share = len(outside) / max(len(newest), 1)
        findings.append(
            feature_check("out_of_range", name, share > 0, reason, share, 0.0, example_rows(outside, name))
        )
    return findings


def _is_text(values: pd.Series) -> bool:
    return not pd.api.types.is_numeric_dtype(values)
