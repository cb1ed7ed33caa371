"""The same sample rows for both sides of a comparison: a folder of the contract, and one flat CSV of it."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pandas as pd

STORES = 4
DAYS = 1000
# Some products are launched during the period, so a series has fewer rows than there are days.
ROWS_A_SERIES = 0.955 * DAYS
COLUMNS = (
    "date",
    "store_id",
    "product_id",
    "category",
    "units_sold",
    "unit_price",
    "discount",
    "on_promotion",
    "in_stock",
    "on_hand",
    "on_order",
    "temperature",
    "precipitation",
    "holiday",
    "lead_time",
)


def sample_data(folder: Path, count: int) -> Path:
    """Writes sample data of ``count`` rows or a little more, as a user would, and returns its folder."""
    products = math.ceil(count / (STORES * ROWS_A_SERIES))
    command = [sys.executable, "-m", "pipeline", "sample-data", str(folder)]
    # The day is part of the data: without it their rows would be others on every day.
    sizes = {"--stores": STORES, "--products": products, "--periods": DAYS, "--until": "2025-12-30"}
    for option, value in sizes.items():
        command += [option, str(value)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return folder


def _read(folder: Path, name: str) -> pd.DataFrame:
    parquet = folder / f"{name}.parquet"
    return pd.read_parquet(parquet) if parquet.exists() else pd.read_csv(folder / f"{name}.csv")


def flat_csv(folder: Path, path: Path) -> int:
    """Joins a contract folder into one CSV of 15 columns, what a stock pipeline starts from.

    Returns:
        The number of rows written.
    """
    keys = ["date", "store_id", "product_id"]
    flat = _read(folder, "sales_data").merge(_read(folder, "inventory_levels"), on=keys, how="left")
    external = _read(folder, "external_factors")
    per_store = external["store_id"].notna() if "store_id" in external else pd.Series(False, external.index)
    if per_store.any():
        flat = flat.merge(external[per_store], on=["date", "store_id"], how="left")
    if not per_store.all():
        everywhere = external[~per_store].drop(columns="store_id", errors="ignore").dropna(axis=1, how="all")
        flat = flat.drop(columns=[c for c in everywhere if c != "date"], errors="ignore")
        flat = flat.merge(everywhere, on="date", how="left")
    flat = flat.merge(_read(folder, "products"), on="product_id", how="left")
    flat = flat.sort_values(["store_id", "product_id", "date"])[list(COLUMNS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    flat.to_csv(path, index=False)
    return len(flat)
