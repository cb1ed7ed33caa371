"""Texts of Parquet files, whose writers need not look whether they are UTF-8."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected


def as_text(kind: str) -> pa.Array:
    """Three texts of which the second is Latin-1, as a writer of Parquet may let it pass."""
    cells = pa.array([b"S1", b"M\xfcnchen", b"S3"], pa.large_binary() if kind == "large" else pa.binary())
    if kind == "bytes":
        return cells
    texts = pa.Array.from_buffers(pa.large_string() if kind == "large" else pa.string(), 3, cells.buffers())
    return pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), texts) if kind == "dictionary" else texts


@pytest.mark.parametrize("kind", ["text", "large", "dictionary", "bytes"])
def test_a_text_of_parquet_that_is_no_utf8_is_told_with_its_row(tmp_path: Path, kind: str) -> None:
    sales = {"date": ["2025-03-01"] * 3, "product_id": ["P"] * 3, "units_sold": [1, 2, 3]}
    pq.write_table(pa.table({**sales, "store_id": as_text(kind)}), tmp_path / "sales_data.parquet")
    with pytest.raises(
        DataRejected, match=r"column store_id: a value is not UTF-8 text \[row 2: 'M..xfcnchen'\]"
    ):
        read_rows(tmp_path)
    rows, report = read_rows(tmp_path, DataOptions(quarantine=0.5))
    assert rows["store_id"].to_pylist() == ["S1", "S3"] and report.rejected_rows == {"sales_data": 1}
