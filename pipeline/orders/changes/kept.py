"""What is kept of a plan of all series, to plan some of them again: in the workspace, and in memory."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_generation.calendar import Calendar
from components.example_generation.checks.rules import PART
from components.example_generation.contract import INVENTORY, SALES
from components.example_generation.ingest import Prepared
from components.example_generation.joining.future import Future
from components.example_generation.joining.sharding import shard_numbers
from contracts.arrays import Floats
from contracts.rows import SERIES_KEYS, read_flat, single, write_flat
from pipeline.config import Config
from pipeline.orders.changes.series import only
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.unsold import KnownIds
from transforms.features import FeatureSpace

KEPT, BLOCKS = "kept", "blocks"
"""Folder in that of the planner, and folder in it of the rows that reading has left."""
_PICKLE, _SIGNATURE = "kept.pickle", "signature"
Places = Mapping[int, Sequence[tuple[str, str, int]]]
"""By shard where its checked rows lie: contract file, name of the Arrow file, record batch."""


@dataclass(frozen=True)
class Kept:
    """A plan of all series, and what it was made from.

    Attributes:
        signature: of data, configuration, pair and program.
        made_at: when the store says that it was made.
        changes: names and digests of the files that came after the folder's and are in it.
        plain: the folder without them, and
        first_later: by contract file the first part that is none of the folder's.
        prepared: the folder with them, and
        later: their rows by contract file.
        config, frame, space: as settled.
        external: columns that came from external_factors.
        future, known: as read.
        seen: rows by store and date, by contract file.
        calendar: of the same.
        places: where the folder's checked rows lie.
        shards: numbers of the shards with sales, in order, and
        weeks: their newest weeks (``pipeline.orders.newest_rows``).
        stock: of all series.
        scored, mean: what the pair says of series with sales, [N] and [N, H].
        unsold, unsold_mean: of the others.
        proposals: lines before people's quantities, of both, by store and product, and
        own: units that people order of these, NaN where nobody does.
        forecasts: of both.
    """

    signature: str
    made_at: datetime
    changes: frozenset[tuple[str, str]]
    plain: Prepared
    first_later: Mapping[str, int]
    prepared: Prepared
    later: Mapping[str, pa.Table]
    config: Config
    frame: Frame
    space: FeatureSpace
    external: tuple[str, ...]
    future: Future
    known: KnownIds
    seen: Mapping[str, pa.Table]
    calendar: Calendar
    places: Places
    shards: tuple[int, ...]
    weeks: tuple[pa.Table, ...]
    stock: pa.Table
    scored: pa.Table
    mean: Floats
    unsold: pa.Table
    unsold_mean: Floats
    proposals: pa.Table
    own: Floats
    forecasts: pa.Table

    def write(self, folder: Path) -> None:
        """Writes all but the blocks: large tables as they are read fastest."""
        small = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, pa.Table):
                write_flat(value, folder / f"{field.name}.arrow")
            elif field.name == "weeks":
                for number, table in enumerate(value):
                    write_flat(table, folder / f"weeks-{number:05d}.arrow")
            else:
                small[field.name] = value
        with (folder / _PICKLE).open("wb") as file:
            pickle.dump(small, file)

    @classmethod
    def read(cls, folder: Path, signature: str) -> Kept | None:
        """What ``write`` wrote; None where there is nothing, or it is of other data or another program."""
        path = folder / _PICKLE
        if not path.exists() or (folder / _SIGNATURE).read_text() != signature:
            return None
        with path.open("rb") as file:
            small = pickle.load(file)  # noqa: S301 - our own bytes, of this very program
        for name in (
            field.name for field in fields(cls) if field.name not in small and field.name != "weeks"
        ):
            small[name] = read_flat(folder / f"{name}.arrow")
        small["weeks"] = tuple(map(read_flat, sorted(folder.glob("weeks-*.arrow"))))
        return cls(**small)


def publish(kept: Kept, temporary: Path, folder: Path) -> None:
    """Puts what is kept, whose blocks lie in a temporary folder, in its place; there is nothing there before."""
    kept.write(temporary)
    (temporary / _SIGNATURE).write_text(kept.signature)
    temporary.rename(folder)


def discard(*folders: Path) -> None:
    """Removes what is kept."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def places_of(blocks: Path, shards: int) -> Places:
    """Where the checked rows of each shard lie in the files that reading has left."""
    found: dict[int, list[tuple[str, str, int]]] = {}
    for path in sorted(blocks.glob("*.arrow")):
        with pa.memory_map(str(path)) as source:
            schema = pa.ipc.open_file(source).schema
            file = SALES if "units_sold" in schema.names else INVENTORY
            keys = [schema.get_field_index(name) for name in SERIES_KEYS]
            reader = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(included_fields=keys))
            for number in range(reader.num_record_batches):
                first = reader.get_batch(number).slice(0, 1)
                shard = int(shard_numbers(first["store_id"], first["product_id"], shards)[0])
                found.setdefault(shard, []).append((file, path.name, number))
    return found


def folder_rows(
    blocks: Path, places: Sequence[tuple[str, str, int]], series: pa.Table, first_later: Mapping[str, int]
) -> dict[str, list[pa.Table]]:
    """The checked rows of some series in the folder's own files, by contract file.

    Args:
        blocks: what reading has left.
        places: of one shard.
        series: store_id and product_id.
        first_later: by contract file the first part that is none of the folder's.
    """
    found: dict[str, list[pa.Table]] = {SALES: [], INVENTORY: []}
    for file, name, number in places:
        with pa.memory_map(str(blocks / name)) as source:
            rows = only(pa.Table.from_batches([pa.ipc.open_file(source).get_batch(number)]), series)
        if rows.num_rows:
            own = np.asarray(single(rows[PART])) < first_later.get(file, 0)
            found[file].append(rows.filter(pa.array(own)))
    return found
