"""Writes a retailer's frames as people's tools do, with pandas alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PARTS = 3


def write(frames: dict[str, pd.DataFrame], folder: Path, form: str) -> None:
    """Writes each frame into the folder in one of the forms of ``tests.matrix.cases``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        whole = frame.apply(_whole_numbers)
        if form == "parquet":
            whole.to_parquet(folder / f"{name}.parquet", index=False)
        elif form == "xlsx":
            # Cells with dates, as a workbook has them, and nothing in empty ones.
            whole.astype(object).to_excel(folder / f"{name}.xlsx", index=False)
        elif form == "parts":
            _parts(_dated(whole), folder / name)
        else:
            options: dict[str, Any] = {
                "csv": {},
                "semicolon": {"sep": ";", "decimal": ",", "encoding": "utf-8-sig"},
                "utf16": {"encoding": "utf-16"},
            }[form]
            _dated(whole).to_csv(folder / f"{name}.csv", index=False, **options)


def _parts(frame: pd.DataFrame, folder: Path) -> None:
    folder.mkdir()
    for i, indices in enumerate(np.array_split(np.arange(len(frame)), PARTS)):
        ending = ".csv.gz" if i == 1 else ".csv"
        frame.iloc[indices].to_csv(folder / f"part-{i}{ending}", index=False)


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(date=frame.date.dt.strftime("%Y-%m-%d")) if "date" in frame else frame


def _whole_numbers(column: pd.Series) -> pd.Series:
    """Counts as whole numbers, with or without gaps: no tool writes 3 units as 3.0."""
    if column.dtype.kind == "f" and column.notna().any() and (column.dropna() % 1 == 0).all():
        return column.astype("Int64")
    return column
