"""Runs of our pipeline on FreshRetailNet, or on a part of it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from benchmarks.harness import measure, runs

CONFIG = Path(__file__).parents[1] / "freshretailnet.yaml"
SEED = 7
ROWS_AN_ORIGIN = 90_000
"""Each so many rows put one more day between two training origins; see docs/improvements.md."""
FURTHEST = 8
"""Days between two training origins at most, so that labels of a week each miss few dates."""
NEWEST = 3
"""How many times closer together the newest origins are."""
FEW_ROWS = 200_000
"""Up to so many rows, more passes are worth their time; see docs/improvements.md."""


def add_data(parser: argparse.ArgumentParser) -> None:
    """Adds ``--data``, a file that must be there."""

    def existing(text: str) -> Path:
        if not Path(text).is_file():
            raise argparse.ArgumentTypeError(
                f"{text}: there is no such file; give the benchmark's Parquet file"
            )
        return Path(text)

    parser.add_argument(
        "--data", type=existing, required=True, help="FreshRetailNet, days as rows, as Parquet"
    )


def part(source: Path, target: Path, series: int | None, weeks_earlier: int) -> tuple[int, int]:
    """Writes some of the series, drawn at random, without the data's last weeks; returns series and rows."""
    table = pq.read_table(source)
    # A number for each pair, since a join on two columns takes far longer.
    pair = pc.add(
        pc.multiply(table["store_id"].cast(pa.int64()), 1_000_000), table["product_id"].cast(pa.int64())
    )
    pairs = pc.unique(pair).to_numpy()
    if series is not None and series < len(pairs):
        pairs = np.random.default_rng(SEED).choice(np.sort(pairs), series, replace=False)
        table = table.filter(pc.is_in(pair, pa.array(pairs)))
    days = table["dt"].cast(pa.timestamp("us"))
    last = pc.max(days).as_py()
    border = np.datetime64(last, "us") - np.timedelta64(7 * weeks_earlier, "D")
    table = table.filter(pc.less_equal(days, pa.scalar(border)))
    pq.write_table(table, target)
    return len(pairs), table.num_rows


def run(source: Path, folder: Path) -> runs.Run:
    """Converts a daily Parquet file to our contract, below the folder, and runs the pipeline on it."""
    data, config = folder / "data", folder / "config.yaml"
    config.write_text(yaml.safe_dump(settings(source)))
    convert = [sys.executable, "-m", "benchmarks.freshretailnet", "convert", str(source), str(data)]
    measure.command(convert, os.environ, folder / "convert.log")
    return runs.run(data, folder, config)


def settings(source: Path) -> dict[str, Any]:
    """The configuration for so many rows."""
    found: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    rows = pq.read_metadata(source).num_rows
    found["windows"]["train_stride"] = stride(rows)
    found["windows"]["newest_stride"] = -(-stride(rows) // NEWEST)
    if rows <= FEW_ROWS:
        found["demand_forecasting"] |= {"epochs": 10, "final_passes": 5}
    return found


def stride(rows: int) -> int:
    """Days between two training origins; no multiple of 7, so that they fall on all weekdays."""
    found = min(-(-rows // ROWS_AN_ORIGIN), FURTHEST)
    return found + 1 if found % 7 == 0 else found
