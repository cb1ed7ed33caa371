"""Planned prices out of all proportion to what their product has cost: a decimal point that slipped."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from components.data_gate.checks import example_rows, feature_check
from components.data_gate.severity import Limits
from contracts.records.checks import FeatureCheck
from contracts.rows import KEYS

FEATURE = "planned_price"


def planned_price_finding(plan: pa.Table | None, paid: pd.DataFrame, limits: Limits) -> list[FeatureCheck]:
    """Each planned price against the geometric mean of those paid in its store, or for its product in all of them.

    Args:
        plan: rows to come of planned_prices: store_id (empty: all stores), product_id, date and, where it has any,
            unit_price; None: there is no plan.
        paid: newest rows of sales: store_id, product_id, unit_price.
        limits: from where on it is out of proportion.

    Returns:
        One finding; none without planned or paid prices.
    """
    if plan is None or "unit_price" not in plan.column_names or "unit_price" not in paid:
        return []
    coming = plan.select([*KEYS, "unit_price"]).to_pandas().dropna(subset=["unit_price"])
    known = paid[paid["unit_price"] > 0]
    if coming.empty or known.empty:
        return []
    known = known.assign(log=np.log(known["unit_price"].to_numpy(np.float64)))
    usual = known.groupby(["store_id", "product_id"])["log"].mean()
    everywhere = known.groupby("product_id")["log"].mean()
    keys = pd.MultiIndex.from_frame(coming[["store_id", "product_id"]].astype(str))
    before = usual.reindex(keys).to_numpy()
    before = np.where(np.isnan(before), everywhere.reindex(keys.get_level_values(1)).to_numpy(), before)
    times = np.exp(np.abs(np.log(coming["unit_price"].to_numpy(np.float64)) - before))
    beyond = np.flatnonzero(np.nan_to_num(times) > limits.proportion)
    largest = coming.iloc[beyond[np.argsort(-times[beyond], kind="stable")]]
    return [
        feature_check(
            "out_of_proportion",
            FEATURE,
            len(beyond) > 0,
            f"planned prices beyond {limits.proportion:g} times the usual of their product; rows: {len(beyond)}",
            float(times[beyond].max()) if len(beyond) else None,
            limits.proportion,
            example_rows(largest.rename(columns={"unit_price": FEATURE}), FEATURE),
        )
    ]
