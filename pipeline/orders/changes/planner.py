"""A plan kept up with new sales and stock: what came is planned at once, on the pair and the rows that are loaded."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Event

from components.example_generation.dates import today
from components.example_generation.ingest import Prepared, prepare
from components.example_generation.later import with_later
from components.example_generation.reading.listing import contract_files
from components.policy_comparison.predicting import AskRaw, load_raw
from contracts.dates import to_date
from contracts.errors import DataRejected, UserError
from contracts.models import MODELS
from pipeline.inputs.notes import OnRead
from pipeline.inputs.pair import check_settings, pushed_version
from pipeline.orders.changes.asked import Asked, KeptUp
from pipeline.orders.changes.change_files import ChangeFolder
from pipeline.orders.changes.file_rows import FileRows, Key, Read
from pipeline.orders.changes.keeping import Keeping, taken
from pipeline.orders.changes.kept import BLOCKS, KEPT, Kept
from pipeline.orders.changes.replanning import People, replan
from pipeline.orders.changes.touched import AllAnew
from pipeline.orders.changes.touching import NewRows, Touch, touch
from pipeline.orders.changes.writing import Written, write_replanned
from pipeline.orders.plan import Plan, make_plan
from pipeline.orders.planning.overrides import NO_OVERRIDES, read_overrides
from pipeline.orders.planning.storing import open_orders
from pipeline.orders.planning.unsold import check_ids
from pipeline.orders.planning_run import recorded
from pipeline.workspace import new_run_id, take_lock
from serving.directory.layout import hold, model_folder
from store.connections import Connections, connect
from store.opening import choose, opened
from store.plan_changes import changes_in, plan_made_at

PAUSE = 0.5
"""Seconds between two looks into the folder."""
_PATIENCE = 2.0


class Planner:
    """Keeps the plan of one workspace up; one process at a time, for as long as ``opened_planner`` lasts."""

    def __init__(self, asked: Asked, connections: Connections, on_read: OnRead) -> None:
        """Args: connections: of the store. on_read: is told of the data where every series is planned.

        Raises:
            UserError: there is no folder of new files.
        """
        self._asked, self._connections, self._on_read = asked, connections, on_read
        self._kept: Kept | None = None
        self._models: tuple[int, Mapping[str, AskRaw]] | None = None
        self._folder = asked.workspace.planner
        self._changes = ChangeFolder(asked.changes, self._folder / "taken")
        self._rows = FileRows(self._changes)

    def strangers(self) -> list[str]:
        """Names of what lies in the folder and is neither sales nor stock."""
        return self._changes.strangers()

    def follow(
        self, stop: Event, tell: Callable[[KeptUp], None], refuse: Callable[[DataRejected], None]
    ) -> None:
        """Keeps the plan up until it is told to stop, which it does between two plans.

        A file that breaks the contract is told of and left out until it holds something else; so are new rows that the
        data gate stops for, with all that come until others do.
        """
        tried: frozenset[Key] | None = None
        while not stop.is_set():
            there = frozenset(found.key for found in self._changes.files())
            if there != tried:
                tried = there
                try:
                    if (made := self.keep_up(new_run_id(), refuse)) is not None:
                        tell(made)
                except DataRejected as error:
                    refuse(error)
            stop.wait(PAUSE)

    def keep_up(
        self, planning_id: str, refuse: Callable[[DataRejected], None] | None = None
    ) -> KeptUp | None:
        """Plans what has come since the plan was made; None where nothing has.

        Args:
            planning_id: of the planning run.
            refuse: is told of files that break the contract, which are left out; None: they end it.

        Raises:
            UserError: there is no pushed pair, it was trained with other settings, or the like.
            DataRejected: a file breaks the contract, or all data does, or the newest rows are what the data gate stops
                for; nothing was written.
        """
        began, asked = time.monotonic(), self._asked
        version = pushed_version(asked.workspace)
        check_settings(asked.workspace, version, asked.config)
        data = _signature_of_data(asked.data)
        signature = _digest(data, asked.program, str(version), asked.config.model_dump_json())
        self._changes.of_data(data)
        read = self._rows.read(self._plain, refuse)
        try:
            found = self._touched(signature, read)
        except AllAnew as error:
            plan = self._all(signature, read, planning_id)
            seconds, rows = time.monotonic() - began, sum(file.read for file in read.values())
            return KeptUp(plan, len(read), rows, str(error), plan.lines.num_rows, None, seconds)
        if found is None:
            return None
        fresh, touched = found
        written = self._some(touched, read, version, planning_id)
        seconds, rows = time.monotonic() - began, sum(self._rows.of[key].read for key in fresh)
        planned = written.replanned.planned
        return KeptUp(written.plan, len(fresh), rows, "", planned, written.ordered, seconds)

    def _plain(self) -> Prepared:
        """The folder of data, looked through, with the newest date that there can be now."""
        config = self._asked.config
        if self._kept is not None:
            plain = self._kept.plain
        else:
            plain = prepare(self._asked.data, config.data, config.windows.review_period)
        return replace(plain, latest=None if config.data.as_of else today())

    def _touched(self, signature: str, read: Read) -> tuple[frozenset[Key], Touch] | None:
        """Which files the plan that is there lacks or has too many, and what is touched by all that what is kept lacks;
        None where the plan has just these files.

        Raises:
            AllAnew: all must be planned.
        """
        keys = frozenset(file.key for file in read)
        kept = self._base(signature, keys)
        as_of = to_date(kept.frame.as_of)
        with connect(self._connections.writer) as connection:
            there, made_at = changes_in(connection, as_of), plan_made_at(connection, as_of)
        if made_at is not None and there == keys:
            return None
        promotion = self._asked.config.promotion
        if promotion.mode == "challenger" or promotion.canary_stores:
            raise AllAnew("a challenger plans the same beside the pair that serves")
        if not there and made_at != kept.made_at:
            raise AllAnew(f"{as_of} was planned without these files since")
        now = self._kept.changes if self._kept is not None else frozenset()
        fresh = {*(keys - kept.changes), *(there - keys), *(now - keys)}
        if unknown := sorted(key for key in fresh if key not in self._rows.of):
            raise AllAnew(f"{unknown[0][0]} held something else when it was taken into the plan")
        prepared, later = with_later(kept.plain, list(read.values()))
        rows = [self._rows.of[key].rows for key in sorted(fresh)]
        new = NewRows(keys, prepared, later, [table for table in rows if table.num_rows])
        return keys ^ there, touch(kept, self._blocks, new)

    def _base(self, signature: str, keys: frozenset[Key]) -> Kept:
        """What was kept of a plan that these files can be added to: the newest, or that of all series.

        Raises:
            AllAnew: nothing was.
        """
        if self._kept is not None and (self._kept.signature != signature or not self._blocks.exists()):
            self._kept = None
        if self._kept is not None and self._kept.changes <= keys:
            return self._kept
        kept = Kept.read(self._blocks.parent, signature)
        if kept is None:
            raise AllAnew("nothing is kept of a plan of these data, settings and pair")
        if gone := sorted(kept.changes - keys):
            raise AllAnew(f"{gone[0][0]}, which is in the plan of all series, holds something else")
        return kept

    @property
    def _blocks(self) -> Path:
        return self._folder / KEPT / BLOCKS

    def _some(self, touched: Touch, read: Read, version: int, planning_id: str) -> Written:
        """Plans what is touched again."""
        asked, kept = self._asked, touched.kept
        days = kept.frame.period_days
        with (
            recorded(self._connections, planning_id, days) as found,
            hold(asked.workspace.serving, version),
            connect(self._connections.writer) as connection,
            tempfile.TemporaryDirectory(prefix=".plan-", dir=asked.workspace.root) as scratch,
        ):
            found.as_of = to_date(kept.frame.as_of)
            chosen = NO_OVERRIDES
            if asked.overrides is not None:
                chosen = read_overrides(asked.overrides, found.as_of, kept.config.data.dialect)
            name = "" if asked.overrides is None else asked.overrides.name
            check_ids(chosen.rows, kept.known, name)
            people = People(chosen.rows, asked.accepted)
            replanned = replan(
                touched,
                self._loaded(version),
                people,
                lambda series: open_orders(connection, kept.frame, kept.config.plan, series),
                datetime.now().astimezone().date(),
                found,
                Path(scratch),
            )
            notes = [*(note for file in read.values() for note in file.notes), *chosen.notes]
            written = write_replanned(
                connection,
                replanned,
                people,
                name,
                notes,
                taken(read),
                asked.workspace,
                found,
                planning_id,
            )
        self._kept = written.replanned.kept
        self._rows.take(read)
        return written

    def _all(self, signature: str, read: Read, planning_id: str) -> Plan:
        """Plans every series, and keeps what it takes to plan some of them again."""
        asked = self._asked
        keeping = Keeping(self._folder, signature, read, planning_id)
        plan = make_plan(
            asked.data,
            asked.workspace,
            asked.config,
            asked.overrides,
            self._on_read,
            asked.accepted,
            planning_id,
            keeping,
        )
        self._kept = keeping.kept
        self._rows.take(read)
        return plan

    def _loaded(self, version: int) -> Mapping[str, AskRaw]:
        """The pair, which is loaded once."""
        if self._models is None or self._models[0] != version:
            serving = self._asked.workspace.serving
            pair = {name: load_raw(str(model_folder(serving, version, name))) for name in MODELS}
            self._models = version, pair
        return self._models[1]


@contextmanager
def opened_planner(asked: Asked, on_read: OnRead) -> Iterator[Planner]:
    """The planner of a workspace, for as long as the block lasts.

    Raises:
        UserError: another one works there, or the store or the folder of new files cannot be used.
    """
    asked.workspace.create()
    choose(asked.workspace.store, asked.config.store_address)
    with (asked.workspace.root / ".planner.lock").open("w") as lock:
        if not take_lock(lock, _PATIENCE):
            raise UserError(
                f"{asked.workspace.root}: another call of plan --changed works here; wait for it, or stop it"
            )
        with opened(asked.workspace.store) as connections:
            yield Planner(asked, connections, on_read)


def _signature_of_data(folder: Path) -> str:
    """Of the files of the data contract by names, sizes and times: these are too large to be read again and again."""
    stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in contract_files(folder)]
    return _digest(*(f"{name} {found.st_size} {found.st_mtime_ns}" for name, found in stats))


def _digest(*texts: str) -> str:
    return hashlib.blake2b("\n".join(texts).encode(), digest_size=16).hexdigest()
