"""With an as-of date the rows are those of a file that ended there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from pipeline.sample_data.files import write_sample_data


def test_later_rows_are_not_read(tmp_path: Path) -> None:
    whole, short = tmp_path / "whole", tmp_path / "short"
    write_sample_data(whole, stores=1, products=3, periods=60)
    write_sample_data(short, stores=1, products=3, periods=60)
    cut = date(2024, 2, 10)
    for name in ("sales_data", "inventory_levels"):
        rows = pd.read_csv(short / f"{name}.csv", dtype=str)
        rows[rows.date <= cut.isoformat()].to_csv(short / f"{name}.csv", index=False)

    found, report = read_rows(whole, DataOptions(as_of=cut))
    expected, _ = read_rows(short, DataOptions())

    assert report.last_date == cut
    assert found.equals(expected)
