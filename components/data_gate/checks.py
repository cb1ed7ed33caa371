"""Checks of one feature as they are found, before anyone weighs them, and what is said of those that stop."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from contracts.dates import to_date
from contracts.errors import Problem
from contracts.records.checks import ROWS_SHOWN, Example, FeatureCheck
from contracts.rows import KEYS


def feature_check(
    kind: str,
    feature: str,
    failed: bool,
    reason: str,
    value: float | None = None,
    threshold: float | None = None,
    rows: Sequence[Example] = (),
) -> FeatureCheck:
    """One check of one feature; as long as nobody has weighed it, it stops where it failed.

    Args:
        kind: name of the check, as the severity file knows it.
        feature: the column, or what else was looked at.
        failed: the check did not pass.
        reason: what was compared and what came out, in one sentence without a full stop.
        value: what was measured; None where nothing can be measured.
        threshold: the largest value that passes.
        rows: examples.
    """
    return FeatureCheck(
        check=kind,
        feature=feature,
        value=value if value is None else float(value),
        threshold=threshold if threshold is None else float(threshold),
        margin=None if value is None or threshold is None else float(threshold - value),
        verdict="stop" if failed else "pass",
        reason=reason,
        rows=rows,
    )


def problem_of(check: FeatureCheck) -> Problem:
    """The reason to stop, for the one who must mend the data."""
    measured = "" if check.value is None else f" (value {check.value:.4g}"
    if measured:
        measured += "" if check.threshold is None else f", at most {check.threshold:.4g}"
        measured += ")"
    return Problem(
        file="the batch",
        column=check.feature,
        rule=check.check,
        message=f"{check.check}: {check.reason}{measured}{rows_text(check.rows)}",
        remedy="Correct the data, or, if the change is meant, change the schema or waive the check in the "
        "severity file under review",
    )


def rows_text(rows: Sequence[Example]) -> str:
    """The example rows in words, empty where there are none."""
    if not rows:
        return ""
    words = [" ".join(filter(None, (getattr(row, key) for key in KEYS))) + f": {row.value}" for row in rows]
    return f" [{'; '.join(words)}]"


def example_rows(frame: pd.DataFrame, feature: str | None) -> tuple[Example, ...]:
    """The first rows of a frame as examples.

    Args:
        frame: rows with some of the keys; ``date`` in days since 1970-01-01.
        feature: the column whose value is shown; None shows none.
    """
    return tuple(
        Example(
            store_id=row.get("store_id"),
            product_id=row.get("product_id"),
            date=None if "date" not in row else str(to_date(row["date"])),
            value=_plain(row.get(feature) if feature is not None else None),
        )
        for row in frame.head(ROWS_SHOWN).to_dict("records")
    )


def _plain(value: Any) -> float | str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    # Six digits are what float32 holds.
    return float(f"{float(value):.6g}") if isinstance(value, int | float) else str(value)
