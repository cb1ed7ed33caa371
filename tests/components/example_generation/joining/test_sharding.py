from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from components.example_generation.joining.sharding import (
    read_of_shard,
    shard_numbers,
    split_by_shard,
    write_by_shard,
)

NAMES = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=40)
PINNED = [9, 5, 6, 7]


@given(keys=NAMES, shards=st.integers(1, 50))
def test_a_series_has_one_shard_whatever_stands_around_it(keys: list[tuple[str, str]], shards: int) -> None:
    stores, products = ([key[n] for key in keys] for n in (0, 1))
    together = shard_numbers(pa.array(stores, pa.string()), pa.array(products, pa.string()), shards)
    alone = [shard_numbers(pa.array([s]), pa.array([p]), shards)[0] for s, p in keys]
    assert together.tolist() == alone
    assert ((together >= 0) & (together < shards)).all()


@given(keys=NAMES, shards=st.integers(1, 20))
def test_splitting_loses_and_reorders_nothing(keys: list[tuple[str, str]], shards: int) -> None:
    table = pa.table(
        {
            "store_id": pa.array([k[0] for k in keys], pa.string()),
            "product_id": pa.array([k[1] for k in keys], pa.string()),
            "row": np.arange(len(keys)),
        }
    )
    parts = split_by_shard(table, shards)
    rows = [part["row"].to_pylist() for _, part in parts]
    assert sorted(row for part in rows for row in part) == list(range(len(keys)))
    assert all(part == sorted(part) for part in rows)


def test_each_shard_has_its_own_rows_in_the_file_of_a_block(tmp_path: Path) -> None:
    numbers = np.arange(300)
    table = pa.table(
        {
            "store_id": pa.array([f"S{n % 7}" for n in numbers]).dictionary_encode(),
            "product_id": pa.array([f"P{n % 11}" for n in numbers]).dictionary_encode(),
            "units_sold": pa.array(numbers, pa.float32(), mask=numbers % 5 == 0),
        }
    )
    path = str(tmp_path / "block.arrow")

    shards = write_by_shard(table, 6, path)

    of_row = shard_numbers(table["store_id"].combine_chunks(), table["product_id"].combine_chunks(), 6)
    assert shards == sorted(set(of_row.tolist()))
    for batch, shard in enumerate(shards):
        assert read_of_shard(path, batch).to_pylist() == table.filter(pa.array(of_row == shard)).to_pylist()


def test_the_shard_is_for_good() -> None:
    # Spans of different days are read together by shard: these numbers must never change.
    stores, products = pa.array(["S1", "S1", "S2", "1"]), pa.array(["A", "B", "A", "10"])
    assert shard_numbers(stores, products, 16).tolist() == PINNED
    assert shard_numbers(stores.dictionary_encode(), products.dictionary_encode(), 16).tolist() == PINNED


def test_the_shard_does_not_depend_on_the_process() -> None:
    program = (
        "import pyarrow as pa; from components.example_generation.joining.sharding import shard_numbers as s;"
        "print(s(pa.array(['S1']), pa.array(['A']), 1000)[0])"
    )
    numbers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(numbers) == 1


def test_shards_are_even() -> None:
    names = pa.array([str(n) for n in range(2000)])
    counts = np.bincount(shard_numbers(names, names, 16), minlength=16)
    assert counts.min() > 0.6 * 125
    assert counts.max() < 1.4 * 125
