"""What the converters of public data share: a file that is there, and tables of the data contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from contracts.errors import UserError


def read(source: Path, columns: Sequence[str]) -> pd.DataFrame:
    """A Parquet file with these columns at least.

    Raises:
        UserError: there is no such file, it is no Parquet, or columns are missing.
    """
    if not source.is_file():
        raise UserError(f"There is no file {source}")
    try:
        frame = pd.read_parquet(source)
    except (OSError, ValueError) as error:
        raise UserError(f"{source} cannot be read as Parquet. Fetch it again") from error
    missing = [name for name in columns if name not in frame]
    if missing:
        raise UserError(f"{source} lacks the columns {', '.join(missing)}. Give the public file as it is")
    return frame


def write(out: Path, files: Mapping[str, pd.DataFrame]) -> None:
    """Writes the tables as Parquet into a folder, which is made where it is missing."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in files.items():
        table.to_parquet(out / f"{name}.parquet", index=False)
