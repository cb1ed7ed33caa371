"""What a check found, and the record of what was decided about it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from contracts.dates import to_date
from contracts.errors import Problem
from contracts.rows import KEYS

Verdict = Literal["pass", "warn", "stop", "waived"]

ROWS_SHOWN = 5


@dataclass(frozen=True)
class Finding:
    """One check of one feature, before anyone weighs it.

    Attributes:
        kind: name of the check, as the severity file knows it.
        feature: the column, or what else was looked at.
        failed: the check did not pass.
        reason: what was compared and what came out, in one sentence without a full stop.
        value: what was measured; None where nothing can be measured.
        threshold: the largest value that passes.
        rows: examples, each with store_id, product_id, date and value.
    """

    kind: str
    feature: str
    failed: bool
    reason: str
    value: float | None = None
    threshold: float | None = None
    rows: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Check:
    """A weighed finding, as it stands in checks.json; ``margin`` is positive where the check passed."""

    check: str
    feature: str
    value: float | None
    threshold: float | None
    margin: float | None
    verdict: Verdict
    reason: str
    rows: tuple[dict[str, Any], ...]

    @classmethod
    def of(cls, finding: Finding, verdict: Verdict, note: str = "") -> Check:
        """Args: note: what else the reader must know, such as a waiver."""
        value, threshold = _finite(finding.value), _finite(finding.threshold)
        margin = None if value is None or threshold is None else threshold - value
        reason = f"{finding.reason} ({note})" if note else finding.reason
        return cls(finding.kind, finding.feature, value, threshold, margin, verdict, reason, finding.rows)

    def as_record(self) -> dict[str, Any]:
        """The check as JSON holds it."""
        return {**asdict(self), "rows": list(self.rows)}

    def as_problem(self) -> Problem:
        """The reason to stop, for the one who must mend the data."""
        measured = "" if self.value is None else f" (value {self.value:.4g}"
        if measured:
            measured += "" if self.threshold is None else f", at most {self.threshold:.4g}"
            measured += ")"
        return Problem(
            file="the batch",
            column=self.feature,
            rule=self.check,
            message=f"{self.check}: {self.reason}{measured}{rows_text(self.rows)}",
            remedy="Correct the data, or, if the change is meant, change the schema or waive the check in the "
            "severity file under review",
        )


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def rows_text(rows: tuple[dict[str, Any], ...] | list[dict[str, Any]]) -> str:
    """The example rows in words, empty where there are none."""
    if not rows:
        return ""
    words = [" ".join(str(row[name]) for name in KEYS if row[name]) + f": {row['value']}" for row in rows]
    return f" [{'; '.join(words)}]"


def example_rows(frame: pd.DataFrame, feature: str | None) -> tuple[dict[str, Any], ...]:
    """The first rows of a frame as examples.

    Args:
        frame: rows with some of the keys; ``date`` in days since 1970-01-01.
        feature: the column whose value is shown; None shows none.
    """
    found = []
    for row in frame.head(ROWS_SHOWN).to_dict("records"):
        value = row.get(feature) if feature is not None else None
        found.append(
            {
                "store_id": row.get("store_id"),
                "product_id": row.get("product_id"),
                "date": None if "date" not in row else str(to_date(row["date"])),
                "value": _plain(value),
            }
        )
    return tuple(found)


def _plain(value: Any) -> float | str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    # Six digits are what float32 holds.
    return float(f"{float(value):.6g}") if isinstance(value, int | float) else str(value)
