"""Shards' files as they come, beside those who write them."""

from __future__ import annotations

import threading
from pathlib import Path

import pyarrow as pa

from contracts.rows import write_flat
from pipeline.orders.planning.stages import arriving, read_part


def put(folder: Path, number: int) -> None:
    """As a worker does: under another name first."""
    draft = folder / "scored" / f".shard-{number}.arrow.draft"
    write_flat(pa.table({"shard": [number]}), draft)
    draft.rename(folder / "scored" / f"shard-{number}.arrow")


def test_every_file_comes_once_however_late_it_is(tmp_path: Path) -> None:
    (tmp_path / "scored").mkdir()
    over, found = threading.Event(), []
    put(tmp_path, 2)
    parts = arriving(str(tmp_path), "scored", over)
    found.append(next(parts)["shard"][0].as_py())
    put(tmp_path, 0)
    found.append(next(parts)["shard"][0].as_py())
    # What came just before the end is not missed, and half a file is none.
    put(tmp_path, 1)
    (tmp_path / "scored" / ".shard-3.arrow.draft").write_bytes(b"half")
    over.set()
    found += [part["shard"][0].as_py() for part in parts]
    assert found == [2, 0, 1]
    assert read_part(str(tmp_path), "scored")["shard"].to_pylist() == [0, 1, 2]


def test_nothing_comes_where_nothing_was_written(tmp_path: Path) -> None:
    (tmp_path / "scored").mkdir()
    over = threading.Event()
    over.set()
    assert list(arriving(str(tmp_path), "scored", over)) == []
