"""What the converters of public data share: a file that is there, tables of the data contract, and what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import typer
from rich.console import Console

from contracts.errors import UserError


def opened(source: Path, columns: Sequence[str]) -> pq.ParquetFile:
    """A Parquet file with these columns at least.

    Raises:
        UserError: there is no such file, it is no Parquet, or columns are missing.
    """
    if not source.is_file():
        raise UserError(f"There is no file {source}")
    try:
        file = pq.ParquetFile(source)
    except (OSError, ValueError) as error:
        raise UserError(f"{source} cannot be read as Parquet. Fetch it again") from error
    missing = [name for name in columns if name not in file.schema_arrow.names]
    if missing:
        raise UserError(f"{source} lacks the columns {', '.join(missing)}. Give the public file as it is")
    return file


def read(source: Path, columns: Sequence[str]) -> pd.DataFrame:
    """All of such a file; fails as ``opened``."""
    found: pd.DataFrame = opened(source, columns).read().to_pandas()
    return found


def write(out: Path, files: Mapping[str, pd.DataFrame]) -> None:
    """Writes the tables as Parquet into a folder, which is made where it is missing."""
    out.mkdir(parents=True, exist_ok=True)
    for name, table in files.items():
        table.to_parquet(out / f"{name}.parquet", index=False)


def command(convert: Callable[[], int], others: str, out: Path) -> None:
    """Converts, and says how many rows of sales_data are in the folder now, or what is wrong.

    Args:
        convert: gives the number of rows.
        others: the files beside sales_data.
    """
    try:
        with Console().status("converting"):
            rows = convert()
    except UserError as error:
        typer.echo(str(error))
        raise typer.Exit(error.exit_code) from error
    typer.echo(f"{rows:,} rows of sales_data, with {others}, in {out}")
