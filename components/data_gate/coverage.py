"""Freshness and coverage: how new a batch is, and which stores and products it lacks."""

from __future__ import annotations

import pandas as pd

from components.data_gate.batch_rows import BatchRows, weeks_to_compare
from components.data_gate.checks import example_rows, feature_check
from components.data_gate.severity import Limits
from contracts.records.checks import FeatureCheck


def future_finding(new: BatchRows, latest_day: int) -> FeatureCheck:
    """Days by which the newest date lies after the latest that there can be, days since 1970-01-01."""
    late = new.frame[new.frame["date"] > latest_day]
    ahead = float(max(new.last_day - latest_day, 0))
    reason = "periods cannot have been sold that are still to come; days after the day of the run"
    return feature_check(
        "future_date", "date", not late.empty, reason, ahead, 0.0, example_rows(late, "units_sold")
    )


def progress_finding(new: BatchRows, old: BatchRows) -> FeatureCheck:
    """Whether the files, which changed, tell of a later date than the span last trained on."""
    days = new.last_day - old.last_day
    reason = (
        f"the newest date is {new.last_date}, that of the span last trained on {old.last_date}; days behind"
    )
    failed = days <= 0
    if failed:
        reason += ", although the files changed"
    # A batch that is one day further lies one day under the threshold.
    return feature_check("no_progress", "date", failed, reason, float(-days), -1.0)


def vanished_findings(new: BatchRows, old: BatchRows, limits: Limits) -> list[FeatureCheck]:
    """Stores and products that sold in the old span's newest weeks and have no rows in those of the new one.

    A store that now and then sells nothing for long is gone only when it has rested twice as long as ever before. What
    is delisted is meant to be gone.
    """
    weeks = weeks_to_compare(new, old)
    before, now = old.newest(max(weeks, 2)), new.newest(weeks)
    sold = new.without_delisted(before[before["units_sold"] > 0]).sort_values(
        "date", ascending=False, kind="stable"
    )
    stores = _gone(sold, now, "store_id")
    stores = stores[new.last_day - stores["date"] > 2 * stores["store_id"].map(_longest_rest(old))]
    products = _gone(sold, now, "product_id")
    share = len(products) / max(sold["product_id"].nunique(), 1)
    return [
        feature_check(
            "store_vanished",
            "store_id",
            not stores.empty,
            f"stores that sold before and have no rows in the newest {weeks} weeks{_names(stores, 'store_id')}",
            float(len(stores)),
            0.0,
            example_rows(stores, "store_id"),
        ),
        feature_check(
            "products_vanished",
            "product_id",
            share > limits.products_vanished,
            f"share of products that sold before and have no rows in the newest {weeks} weeks"
            + _names(products, "product_id"),
            share,
            limits.products_vanished,
            example_rows(products, "product_id"),
        ),
    ]


def _gone(sold: pd.DataFrame, now: pd.DataFrame, key: str) -> pd.DataFrame:
    """The last sale of each store, or product, that is gone."""
    return sold[~sold[key].isin(now[key].unique())].drop_duplicates(key)


def _longest_rest(span: BatchRows) -> pd.Series:
    """Most days between two days with a sale, by store."""
    days = span.frame.loc[span.frame["units_sold"] > 0, ["store_id", "date"]].drop_duplicates()
    rests = days.sort_values(["store_id", "date"]).groupby("store_id")["date"].diff()
    return rests.groupby(days.sort_values(["store_id", "date"])["store_id"]).max().fillna(span.period_days)


def _names(gone: pd.DataFrame, key: str) -> str:
    if gone.empty:
        return ""
    return ": " + ", ".join(sorted(gone[key])[:5]) + (", ..." if len(gone) > 5 else "")
