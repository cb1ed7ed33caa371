"""Small folders of the data contract, valid, or invalid in one place, as CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Columns = dict[str, list[Any]]
Folder = dict[str, Columns]


def good_folder(step: int = 1) -> Folder:
    """Two stores, two products, three periods; everything that the contract knows."""
    days = [(date(2024, 1, 1) + timedelta(days=step * n)).isoformat() for n in range(3)]
    keys = [(day, store, product) for store in ("S1", "S2") for product in ("A", "B") for day in days]
    rows, coming = range(len(keys)), (date(2024, 1, 1) + timedelta(days=step * 3)).isoformat()
    keyed: Columns = {
        "date": [k[0] for k in keys],
        "store_id": [k[1] for k in keys],
        "product_id": [k[2] for k in keys],
    }
    return {
        "sales_data": {
            **deepcopy(keyed),
            "units_sold": [float(n % 5) for n in rows],
            "unit_price": [2.5 + n for n in rows],
            "discount": [1.0 - 0.05 * (n % 3) for n in rows],
            "on_promotion": [n % 2 for n in rows],
            "in_stock": [1.0 if n % 4 else 0.5 for n in rows],
        },
        "inventory_levels": {
            **deepcopy(keyed),
            "on_hand": [n % 3 for n in rows],
            "on_order": [n % 4 for n in rows],
        },
        "external_factors": {
            "date": days + days,
            "store_id": ["S1"] * 3 + [""] * 3,
            "temperature": [1.5, 2.5, 3.5, -1.0, 0.0, 1.0],
            "event": ["fair", "", "", "", "parade", ""],
        },
        "planned_prices": {
            "date": [coming] * 3,
            "store_id": ["S1", "S1", ""],
            "product_id": ["A", "B", "A"],
            "unit_price": [2.5, None, 3.0],
            "discount": [1.0, 0.8, None],
            "on_promotion": [0, 1, None],
        },
        "products": {
            "product_id": ["A", "B"],
            "category": ["dairy", "bakery"],
            "unit_cost": [1.25, 2.0],
            "lead_time": [2, 4],
            "pack_size": [6, 1],
            "minimum_order_quantity": [0, 3],
            "maximum_order_quantity": [None, 40],
            "holding_cost": [0.25, 0.5],
            "shortage_cost": [2.0, 4.5],
        },
        "store_calendar": {
            "date": [days[1], (date(2024, 1, 1) + timedelta(days=step * 4)).isoformat()],
            "store_id": ["S1", ""],
            "open": [1, 1],
        },
    }


def planned_note(step: int = 1) -> str:
    """What is said of the plan of ``good_folder``."""
    last, coming = (date(2024, 1, 1) + timedelta(days=step * n) for n in (2, 3))
    return f"planned after {last}, until {coming}: 3 rows, 1 of them on promotion, such as S1 B {coming}"


def write_folder(folder: Path, content: Folder, form: str = "csv") -> Path:
    """Write every file in one form."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in content.items():
        if form == "csv":
            write_csv(folder / f"{name}.csv", columns)
        else:
            write_parquet(folder / f"{name}.parquet", columns)
    return folder


def write_csv(path: Path, columns: Mapping[str, Sequence[object]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    # Not every version writes the character NUL.
    hidden = ([v.replace("\0", "\ue000") if isinstance(v, str) else v for v in c] for c in columns.values())
    writer.writerows(zip(*hidden, strict=True))
    path.write_bytes(text.getvalue().replace("\ue000", "\0").encode())


def write_parquet(path: Path, columns: Columns, **options: Any) -> None:
    pq.write_table(
        pa.table({name: to_array(name, values) for name, values in columns.items()}), path, **options
    )


def to_array(name: str, values: list[Any]) -> pa.Array:
    """Dates as dates where all of them are; a column of mixed kinds as text."""
    texts = {type(v) for v in values if v is not None}
    if name == "date" and texts == {str}:
        try:
            return pa.array([None if v is None else date.fromisoformat(v) for v in values], pa.date32())
        except ValueError:
            return pa.array(values)
    if str in texts and len(texts) > 1:
        return pa.array([None if v is None else str(v) for v in values])
    return pa.array(values)
