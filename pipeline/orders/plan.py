"""Tomorrow's orders from a folder of data and the pushed pair: into the store, and as files for buyers."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from components.example_generation.ingest import prepare
from components.example_generation.joining.planned import Plan as Planned
from components.example_generation.report import log_reading
from components.windowing.following import lent_among
from contracts import files
from contracts.arrays import Floats
from contracts.dates import to_date, to_days
from contracts.durable import replacing_folder
from contracts.models import MODELS
from contracts.rows import SERIES_KEYS, read_flat
from pipeline.config import Config
from pipeline.inputs.as_of import settle_as_of
from pipeline.inputs.batch import pair_space
from pipeline.inputs.notes import OnRead, non_empty
from pipeline.inputs.pair import check_settings, planning_of, pushed_version
from pipeline.orders.forecast_rows import forecast_rows
from pipeline.orders.made_from import MadeFrom
from pipeline.orders.newest_rows import NewestWeeks, judge_newest, pass_newest
from pipeline.orders.plan_acts import acts_recorded
from pipeline.orders.plan_totals import conclude
from pipeline.orders.planning import stages
from pipeline.orders.planning.frame import Frame, frame_of
from pipeline.orders.planning.holding import NOTHING_ACCEPTED, Accepted, as_ordered
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.on_sale import on_sale
from pipeline.orders.planning.overrides import NO_OVERRIDES, own_quantities, read_overrides
from pipeline.orders.planning.position import stock_position
from pipeline.orders.planning.promoted import Promoted, promoted
from pipeline.orders.planning.storing import keep_lines, keep_plan, open_orders
from pipeline.orders.planning.unsold import check_ids, unsold
from pipeline.orders.planning_run import Found, recorded
from pipeline.orders.shards import beam_pipeline, write_row_shards
from pipeline.workspace import Workspace, new_run_id
from serving.directory.layout import hold, model_folder
from store.actuals import digests_of, merge_actuals
from store.connections import Connections, connect
from store.loading import replace_rows
from store.opening import choose, opened

if TYPE_CHECKING:
    from pipeline.orders.canary import Canary
    from pipeline.orders.changes.keeping import Keeping


@dataclass(frozen=True)
class Plan:
    """A finished plan.

    Attributes:
        as_of: its date.
        lines: of the orders.
        folder: where they lie.
        notes: what the plan itself has to say.
        promoted: what planned promotions add; None where none is planned.
        challenger: what there is to say of the challenger's plan; empty where there is none.
    """

    as_of: date
    lines: pa.Table
    folder: Path
    notes: tuple[str, ...]
    promoted: Promoted | None
    challenger: str = ""


def make_plan(
    data: Path,
    workspace: Workspace,
    config: Config,
    overrides: Path | None,
    on_read: OnRead,
    accepted: Accepted = NOTHING_ACCEPTED,
    planning_id: str | None = None,
    keeping: Keeping | None = None,
) -> Plan:
    """Scores every store and product with the pushed pair, and writes forecasts and order lines.

    Planning a date again replaces it. Rows after ``config.data.as_of`` are not read. That it began and how it ended is
    in the store, whatever ends it once there is a pair to plan with.

    Args:
        data: folder with the files of the data contract.
        workspace: with a pushed pair.
        config: the one that the pair was trained with.
        overrides: file of people's own quantities.
        accepted: what a person lets pass that the plan would hold back.
        planning_id: of a planning run that an orchestrator began; None: it is one of its own.
        keeping: files that came after the folder, and what is kept to plan parts of it again; None: neither.

    Raises:
        UserError: there is no pushed pair, it was trained with other features or settings, ``accepted`` names what
            there is not, or the store cannot be used.
        DataRejected: the data or the overrides break their contract, or the newest rows are what the data gate stops
            for; nothing was written.
    """
    version = pushed_version(workspace)
    settings_note = check_settings(workspace, version, config)
    workspace.create()
    choose(workspace.store, config.store_address)
    with (
        opened(workspace.store) as connections,
        tempfile.TemporaryDirectory(prefix=".plan-", dir=workspace.root) as name,
    ):
        with recorded(connections, planning_id or new_run_id(), config.data.period_days) as found:
            made, made_from, canary = _plan(
                data,
                workspace,
                config,
                version,
                overrides,
                on_read,
                accepted,
                connections,
                found,
                Path(name),
                keeping,
            )
        # The planning run has ended by now: whatever becomes of this, its orders stand.
        if config.promotion.mode == "challenger":
            from pipeline.orders.challenger_plan import plan_challenger

            made = replace(made, challenger=plan_challenger(workspace, connections, made_from, canary))
    return replace(made, notes=non_empty(settings_note, *made.notes))


def _plan(
    data: Path,
    workspace: Workspace,
    config: Config,
    version: int,
    overrides: Path | None,
    on_read: OnRead,
    accepted: Accepted,
    connections: Connections,
    found: Found,
    scratch: Path,
    keeping: Keeping | None,
) -> tuple[Plan, MadeFrom, Canary | None]:
    settled, as_of_note = settle_as_of(data, config)
    config = settled if keeping is None else keeping.until(settled, config.data.as_of)
    prepared = prepare(data, config.data, config.windows.review_period)
    if keeping is not None:
        prepared = keeping.with_changes(prepared)
    space = pair_space(workspace.serving, version, prepared, config)
    name = str(scratch)
    for part in stages.PARTS:
        (scratch / part).mkdir()
    blocks = keeping.blocks if keeping is not None else None
    read = write_row_shards(prepared, config, scratch, workspace, blocks)
    on_read(read.report)
    log_reading(read.report)
    external = [column.name for column in read.report.external]
    coming = None if read.future.plan is None else read.future.plan.table
    today = datetime.now().astimezone().date()
    as_of = found.as_of = read.report.last_date
    weeks = NewestWeeks.of_shards(read.files)
    found.checks = judge_newest(weeks, external, config, today, read.small.products, coming)
    judged = pass_newest(found.checks, accepted)
    frame = frame_of(config, to_days(as_of), version, planning_of(workspace, version))
    chosen = read_overrides(overrides, as_of, config.data.dialect) if overrides else NO_OVERRIDES
    check_ids(chosen.rows, read.known, overrides.name if overrides else "")
    wanted = list(zip(*(chosen.rows[name].to_pylist() for name in SERIES_KEYS), strict=True))
    stock = read.stock()
    read.future.write(scratch)
    scoring = stages.ScoreShard(
        name,
        {model: str(model_folder(workspace.serving, version, model)) for model in MODELS},
        frame.as_of,
        space.to_json(),
        config.windows.model_dump_json(),
        lent_among(lambda: map(read_flat, read.files), read.small.products, space, config.windows),
    )
    folder = workspace.plan(as_of)
    # The files are shown once the store has the same plan.
    with replacing_folder(folder) as temporary, connect(connections.writer) as connection:
        made_at = keep_plan(connection, as_of, config, version)
        with (
            hold(workspace.serving, version),
            _forecasts_loading(
                connection,
                name,
                frame,
                read.future.plan,
                lambda scored: unsold(scored, stock, read.small.products, wanted, config.data, frame),
            ) as loaded,
        ):
            with beam_pipeline(config, workspace, scratch, "scores") as pipeline:
                stages.build(pipeline, read.files, scoring)
            digests = digests_of(stages.each_of_part(name, "actuals"))
        scored, mean = stages.in_order(loaded)
        orders = open_orders(connection, frame, config.plan)
        position = stock_position(scored, orders, frame, config.plan)
        to_order = on_sale(scored, mean, read.small.products, frame)
        own = own_quantities(scored, chosen.rows)
        lines = proposals = order_lines(*to_order, position, frame, config.plan, own)
        made_from = MadeFrom(prepared, read, scratch, config, frame, *to_order, orders, own, wanted)
        canary = None
        if config.promotion.canary_stores:
            from pipeline.orders.canary import order_some

            lines, canary = order_some(lines, workspace, made_from)
        file = overrides.name if overrides else ""
        lines = as_ordered(lines, scored, frame, config.plan, chosen.rows, file, accepted)
        canary = canary.with_orders(lines) if canary is not None else None
        forecasts = forecast_rows(scored, mean, frame, read.future.plan)
        write_plan_files(temporary, lines, forecasts)
        with acts_recorded(connection, as_of, workspace.serving, found.checks, accepted):
            keep_lines(connection, scored, lines, stages.read_part(name, "events"), as_of)
        merge_actuals(connection, stages.each_of_part(name, "actuals"), digests)
        if keeping is not None:
            keeping.record(connection, as_of, made_at)
        connection.commit()
    if keeping is not None:
        keeping.keep(made_from, space, loaded, proposals, forecasts, made_at)
    notes = conclude(
        lines,
        scored,
        frame,
        config.plan,
        found,
        before=(as_of_note, *judged, *chosen.notes),
        after=canary.note if canary is not None else "",
    )
    return Plan(as_of, lines, folder, notes, promoted(forecasts)), made_from, canary


@contextmanager
def _forecasts_loading(
    connection: psycopg.Connection,
    folder: str,
    frame: Frame,
    planned: Planned | None,
    further: Callable[[pa.Table], pa.Table],
) -> Iterator[list[tuple[pa.Table, Floats]]]:
    """Loads the forecasts of each shard as soon as it is scored, beside the block.

    Gives the list of the shards' rows and their mean demand, which is whole at the end of the block. Last
    come the rows that ``further`` makes of all of them.
    """

    def rows() -> Iterator[pa.Table]:
        for scored in stages.arriving(folder, "scored", over):
            mean = mean_demand(scored, frame)
            loaded.append((scored, mean))
            yield forecast_rows(scored, mean, frame, planned)
        if loaded:  # else the block broke off before anything was scored
            extra = further(pa.concat_tables([scored for scored, _ in loaded]))
            loaded.append((extra, mean_demand(extra, frame)))
            yield forecast_rows(extra, loaded[-1][1], frame, planned)

    loaded: list[tuple[pa.Table, Floats]] = []
    over = threading.Event()
    scope = {"as_of": to_date(frame.as_of)}
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(replace_rows, connection, "forecasts", rows(), scope)
        try:
            yield loaded
        finally:
            over.set()
        loading.result()


def write_plan_files(folder: Path, lines: pa.Table, forecasts: pa.Table) -> None:
    """The plan's files, in a folder that nobody reads yet."""
    csv.write_csv(lines, folder / "order_lines.csv")
    pq.write_table(lines, folder / "order_lines.parquet")
    pq.write_table(forecasts, folder / files.FORECASTS)
