"""Restatement: what the last accepted span said of a store, product and date, and the new one says otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from components.data_gate.batch_rows import BatchRows
from components.data_gate.checks import example_rows, feature_check
from components.data_gate.severity import Limits
from contracts.arrays import Integers
from contracts.records.checks import Example, FeatureCheck
from contracts.rows import KEYS, OPEN

# Attributes of a product are stated once for all dates: a new cost restates no past.
_CONTRACT = ("units_sold", "unit_price", "discount", "on_promotion", "in_stock", "on_hand", "on_order")
_TOLERANCE = 1e-5


def restatement_findings(new: BatchRows, old: BatchRows, limits: Limits) -> list[FeatureCheck]:
    """For each column the share of values that changed on the dates that both spans hold.

    Only rows count in which the old or the new value differs from the column's most common one: a holiday that
    moves by a day changes few rows of a year, but all that are holidays. The old span's newest period is left out:
    it may have been delivered before its end. A day that is closed by now and sold nothing before is the same.
    """
    columns = [*_CONTRACT, *(name for name in new.external if name in old.external)]
    columns = [name for name in columns if name in new.frame and name in old.frame]
    at_now, at_before = _rows_of_both(new, old)
    if not len(at_now):
        return []
    findings = []
    for name in columns:
        now, before = (
            _values(span.frame, name).take(rows).reset_index(drop=True)
            for span, rows in ((new, at_now), (old, at_before))
        )
        changed = _differs(now, before)
        common = before.mode()
        telling = (
            changed
            if common.empty
            else (_differs_from(now, common.iloc[0]) | _differs_from(before, common.iloc[0]))
        )
        count = int(changed.sum())
        share = count / max(int(telling.sum()), count, 1)
        failed = share > limits.restated and count >= limits.restated_rows
        kind = "restated_external" if name in new.external else "restated"
        reason = f"share of earlier values that changed, {count} of {len(now)} rows that both spans hold"
        rows: tuple[Example, ...] = ()
        if failed:
            keys = new.frame[list(KEYS)].take(at_now[changed.to_numpy()]).reset_index(drop=True)
            values = {name: now[changed].to_numpy(), name + "_before": before[changed].to_numpy()}
            rows = _examples(keys.assign(**values), name)
        findings.append(feature_check(kind, name, failed, reason, share, limits.restated, rows))
    return findings


def _rows_of_both(new: BatchRows, old: BatchRows) -> tuple[Integers, Integers]:
    """Where the rows of one key lie in each span, [n] each; keys alone are joined, whatever columns there are."""
    early = old.frame["date"] < old.last_day
    both = (
        new.frame[list(KEYS)]
        .assign(_now=np.arange(len(new.frame)))
        .merge(
            old.frame.loc[early, list(KEYS)].assign(_before=np.flatnonzero(early)),
            on=list(KEYS),
        )
    )
    return both["_now"].to_numpy(), both["_before"].to_numpy()


def _values(frame: pd.DataFrame, name: str) -> pd.Series:
    """A column; nothing is sold where it is closed."""
    if name == "units_sold" and OPEN in frame:
        return frame[name].mask(frame[OPEN] == 0, 0.0)
    return frame[name]


def _examples(changed: pd.DataFrame, name: str) -> tuple[Example, ...]:
    """The newest changed rows, with the value before and after."""
    newest = changed.sort_values("date", ascending=False, kind="stable").head(5)
    values = zip(newest[name + "_before"], newest[name], strict=True)
    words = [f"{_shown(before)} -> {_shown(now)}" for before, now in values]
    return example_rows(newest.assign(_words=words), "_words")


def _shown(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _differs(left: pd.Series, right: pd.Series) -> pd.Series:
    missing = left.isna() & right.isna()
    if pd.api.types.is_numeric_dtype(left) and pd.api.types.is_numeric_dtype(right):
        a, b = left.to_numpy(np.float64), right.to_numpy(np.float64)
        same = np.isclose(a, b, rtol=_TOLERANCE, atol=1e-6)
        return ~(pd.Series(same, index=left.index) | missing)
    return ~((left == right) | missing)


def _differs_from(values: pd.Series, common: object) -> pd.Series:
    return values.notna() & (values != common)
