"""Series that stand still or repeat: a frozen sensor, a store without a sale, the same month sent again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from components.data_gate.batch_rows import BatchRows
from components.data_gate.checks import example_rows, feature_check
from components.data_gate.severity import Limits
from contracts.arrays import Floats, Integers
from contracts.records.checks import FeatureCheck
from contracts.rows import KEYS

_BLOCK_DAYS = 28
_LONGEST_LAG_DAYS = 62
_TELLING_VALUES = 20
_REPEATED_SHARE = 0.98
_ORDINARY_SHARE = 0.9


def frozen_findings(new: BatchRows, old: BatchRows | None, limits: Limits) -> list[FeatureCheck]:
    """Numeric external factors with one and the same value over the newest periods of a store.

    A factor that often rests (rain in a dry month) is given twice the longest rest of any store so far. One of two
    values, such as a holiday, is no measurement and cannot freeze.
    """
    if not new.external:
        return []
    history = _of_stores(new, new.external)
    if old is not None:
        before = _of_stores(old, [name for name in new.external if name in old.frame])
        history = pd.concat([before[before["date"] <= new.last_day], history])
    findings = []
    for name in new.external:
        if not pd.api.types.is_numeric_dtype(history[name]) or history[name].nunique() <= 2:
            continue
        by_store = history.dropna(subset=[name]).drop_duplicates(["store_id", "date"], keep="last")
        newest, runs = [], []
        for _, rows in by_store.sort_values("date").groupby("store_id"):
            newest.append(rows.iloc[[-1]])
            runs.append(_runs(rows[name].to_numpy()))
        rest = max(int(run[:-1].max(initial=0)) for run in runs)
        limit = max(limits.frozen_periods, 2 * rest) - 1
        frozen = [row for row, run in zip(newest, runs, strict=True) if run[-1] > limit]
        longest = max(int(run[-1]) for run in runs)
        reason = f"periods up to {new.last_date} with one and the same value; frozen stores: {len(frozen)}"
        examples = example_rows(pd.concat(frozen), name) if frozen else ()
        findings.append(
            feature_check(
                "frozen",
                name,
                bool(frozen),
                reason,
                float(longest),
                float(limit),
                examples,
            )
        )
    return findings


def _of_stores(span: BatchRows, columns: Sequence[str]) -> pd.DataFrame:
    """Of each store and date the first value that is there: all its products share them."""
    grouped = span.frame[["store_id", "date", *columns]].groupby(["store_id", "date"], as_index=False)
    return grouped[list(columns)].first()


def _runs(values: NDArray[np.float32]) -> Integers:
    """Lengths of the runs of equal values, in order."""
    ends = np.flatnonzero(values[1:] != values[:-1])
    return np.diff(np.concatenate([[-1], ends, [len(values) - 1]]))


def idle_finding(new: BatchRows, limits: Limits) -> FeatureCheck:
    """Stores whose units are exactly 0 over the newest periods, although they sold before; the delisted left out."""
    begin = new.last_day - limits.idle_periods * new.period_days
    listed = new.without_delisted(new.frame[[*KEYS, "units_sold"]])
    recent = listed["date"] > begin
    now, before = (
        listed[part].groupby("store_id")["units_sold"].sum(min_count=1) for part in (recent, ~recent)
    )
    idle = now.index[(now == 0) & (before.reindex(now.index) > 0)]
    rows = listed[listed["store_id"].isin(idle) & recent]
    reason = f"stores that sold before and nothing in the newest {limits.idle_periods} periods"
    examples = example_rows(rows.drop_duplicates("store_id"), "units_sold")
    return feature_check(
        "store_without_sales", "units_sold", len(idle) > 0, reason, float(len(idle)), 0.0, examples
    )


def sent_twice_finding(new: BatchRows, old: BatchRows | None) -> FeatureCheck:
    """The newest four weeks of a store against the weeks up to two months before, value for value.

    Of the values that are not 0 in both, practically all equal those of the same series some 28 to 62 days
    earlier: the file of an earlier month came under new dates. Too few such values are no proof, and neither is it
    where other lags fit nearly as well: what sells the same each day or each week repeats itself.
    """
    step = new.period_days
    periods = (_BLOCK_DAYS + _LONGEST_LAG_DAYS) // step
    history = new.merged(old, ("units_sold",), new.last_day - periods * step)
    worst, found, lag_found = 0.0, [], 0
    for _, rows in history.groupby("store_id"):
        period = periods - 1 - (new.last_day - rows["date"].to_numpy()) // step
        series, _ = pd.factorize(rows["product_id"])
        grid = np.full((series.max() + 1, periods), np.nan)
        grid[series, period] = rows["units_sold"].to_numpy()
        share, lag = _most_alike(grid, _BLOCK_DAYS // step)
        if share > worst:
            worst, lag_found = share, lag * step
        if share >= _REPEATED_SHARE:
            found.append(rows[rows["date"] == new.last_day].head(2))
    reason = "share of a store's newest units that equal those of an earlier month, series by series"
    if found:
        reason += f": the same {lag_found} days before"
    return feature_check(
        "sent_twice",
        "units_sold",
        worst >= _REPEATED_SHARE,
        reason,
        worst,
        _REPEATED_SHARE,
        example_rows(pd.concat(found), "units_sold") if found else (),
    )


def _most_alike(grid: Floats, block: int) -> tuple[float, int]:
    """Largest share of the newest block's telling values that equal those some periods before, and how many.

    (0, 0) where that is nothing out of the ordinary.
    """
    lags = range(1, grid.shape[1] - block + 1)
    shares = {lag: _alike(grid, block, lag) for lag in lags}
    share, lag = max(((shares[lag], lag) for lag in lags if lag >= block), default=(0.0, 0))
    # What came twice under new dates may have come a third time.
    others = max((shares[other] for other in lags if other % max(lag, 1)), default=0.0)
    return (share, lag) if others < _ORDINARY_SHARE else (0.0, 0)


def _alike(grid: Floats, block: int, lag: int) -> float:
    now, before = grid[:, -block:], grid[:, -block - lag : -lag]
    telling = ~np.isnan(now) & ~np.isnan(before) & ((now != 0) | (before != 0))
    # Both months must be there for most of the block, or a few chance matches would speak for all of it.
    if telling.sum() < max(_TELLING_VALUES, (now > 0).sum() / 2):
        return 0.0
    return float((now == before)[telling].mean())
