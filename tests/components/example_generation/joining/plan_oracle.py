"""Plans joined to rows one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd


def planned_oracle(rows: pd.DataFrame, plan: pd.DataFrame | None) -> pd.DataFrame:
    """What was planned of each row's date, looked up one by one; no columns where the plan begins later."""
    if plan is None or plan.date.min() > rows.date.max():
        return rows
    kept = {("discount", "planned_discount"): 1.0, ("on_promotion", "planned_promotion"): 0.0}
    kept |= {("unit_price", "planned_price"): np.nan} if "unit_price" in plan else {}
    last = {name: plan.date[plan[name].notna()].max() for name, _ in kept}
    said = {(row["store_id"], row["product_id"], row["date"]): row for row in plan.to_dict("records")}
    found: dict[str, list[float]] = {name: [] for name in ("planned", *(name for _, name in kept))}
    for store, product, day in rows[["store_id", "product_id", "date"]].itertuples(index=False, name=None):
        inside = {name: plan.date.min() <= day <= last[name] for name, _ in kept}
        covered = 1.0 if any(inside.values()) else 0.0
        found["planned"].append(np.nan if day < plan.date.min() else covered)
        for (name, column), nothing in kept.items():
            told = [said.get((which, product, day), {}).get(name, np.nan) for which in (store, "")]
            value = next((v for v in told if not pd.isna(v)), nothing)
            found[column].append(value if inside[name] else np.nan)
    return rows.assign(**found)
