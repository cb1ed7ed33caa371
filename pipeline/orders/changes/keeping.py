"""A plan of all series with the files that came after the folder, of which enough is kept to plan parts of it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import psycopg
import pyarrow as pa

from components.example_generation.calendar import seen_together
from components.example_generation.ingest import LARGE, Prepared
from components.example_generation.later import LaterFile, with_later
from components.example_generation.stages import ROWS
from contracts.arrays import Floats
from pipeline.config import Config
from pipeline.orders.changes.change_files import ChangeFile
from pipeline.orders.changes.kept import BLOCKS, KEPT, Kept, discard, places_of, publish
from pipeline.orders.made_from import MadeFrom
from pipeline.orders.newest_rows import NewestWeeks
from pipeline.orders.planning.stages import in_order
from store.plan_changes import Taken, keep_changes
from transforms.features import FeatureSpace


class Keeping:
    """Takes part in ``pipeline.orders.plan.make_plan``: what it reads besides, and what is kept of it.

    Attributes:
        kept: what was, once the plan is made.
    """

    def __init__(
        self, folder: Path, signature: str, read: Mapping[ChangeFile, LaterFile], planning_id: str
    ) -> None:
        """Makes room.

        Args:
            folder: of ours, in the workspace.
            signature: of data, configuration, pair and program.
            read: the files that came after the folder, oldest first.
            planning_id: of the run.
        """
        self.kept: Kept | None = None
        self._read = read
        self._signature = signature
        self._planning_id = planning_id
        self._final, self._temporary = folder / KEPT, folder / f".{KEPT}.new"
        discard(self._temporary)
        self.blocks.mkdir(parents=True)

    @property
    def blocks(self) -> Path:
        """Folder that the checked rows are left in."""
        return self._temporary / BLOCKS

    def until(self, config: Config, wanted: date | None) -> Config:
        """The configuration with the date that was asked for, beyond which only later files may have rows."""
        if wanted is None or config.data.as_of is not None:
            return config
        return config.model_copy(update={"data": config.data.model_copy(update={"as_of": wanted})})

    def with_changes(self, prepared: Prepared) -> Prepared:
        """The folder with the files that came after it."""
        self._plain = prepared
        self._prepared, self._later = with_later(prepared, list(self._read.values()))
        return self._prepared

    def record(self, connection: psycopg.Connection, as_of: date, made_at: datetime) -> None:
        """Writes down which files are in the plan, in its transaction."""
        keep_changes(connection, as_of, made_at, self._planning_id, taken(self._read))
        # From here on the store may have another plan than the one of which something is kept.
        discard(self._final)

    def keep(
        self,
        made: MadeFrom,
        space: FeatureSpace,
        loaded: Sequence[tuple[pa.Table, Floats]],
        proposals: pa.Table,
        forecasts: pa.Table,
        made_at: datetime,
    ) -> None:
        """Keeps what a plan of parts of it needs; the plan is written by now.

        Args:
            made: what it was made from.
            space: the features.
            loaded: rows of ``score`` and their mean demand, shard by shard; last those of series without sales.
            proposals: lines before people's quantities.
            forecasts: of the plan's file.
            made_at: when the store says that it was made.
        """
        read = made.read
        scored, mean = in_order(list(loaded[:-1]))
        kept = Kept(
            signature=self._signature,
            made_at=made_at,
            changes=frozenset(found.key for found in self._read),
            plain=self._plain,
            first_later=_first_later(self._plain),
            prepared=self._prepared,
            later=self._later,
            config=made.config,
            frame=made.frame,
            space=space,
            external=tuple(column.name for column in read.report.external),
            future=read.future,
            known=read.known,
            seen={file: seen_together(tables) for file, tables in read.seen.items()},
            calendar=read.calendar,
            places=places_of(self.blocks, made.config.data.shards),
            shards=tuple(int(Path(path).name.removeprefix(ROWS).split("-")[0]) for path in read.files),
            weeks=tuple(NewestWeeks.of_shards(read.files).tables),
            stock=read.stock(),
            scored=scored,
            mean=mean,
            unsold=loaded[-1][0],
            unsold_mean=loaded[-1][1],
            proposals=proposals,
            own=made.own,
            forecasts=forecasts,
        )
        publish(kept, self._temporary, self._final)
        self.kept = kept


def taken(read: Mapping[ChangeFile, LaterFile]) -> list[Taken]:
    """The files as the store has them."""
    return [Taken(found.name, found.digest, rows.file, rows.read) for found, rows in read.items()]


def _first_later(plain: Prepared) -> dict[str, int]:
    sources = plain.inputs.sources
    return {
        file: max(piece.number for piece in sources[file].pieces) + 1 if file in sources else 0
        for file in LARGE
    }
