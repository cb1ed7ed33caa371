"""A plan of which some series were planned again, into the store in one transaction, and as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import psycopg
import pyarrow as pa
import pyarrow.compute as pc

from contracts.dates import to_date
from contracts.durable import replacing_folder
from contracts.rows import KEYS, SERIES_KEYS, index_in
from pipeline.orders.changes.replanning import People, Replanned
from pipeline.orders.changes.series import only
from pipeline.orders.plan import Plan, write_plan_files
from pipeline.orders.plan_acts import acts_recorded
from pipeline.orders.plan_totals import conclude
from pipeline.orders.planning.holding import as_ordered
from pipeline.orders.planning.promoted import promoted
from pipeline.orders.planning.storing import keep_lines, keep_plan
from pipeline.orders.planning_run import Found
from pipeline.workspace import Workspace
from store.loading import merge_rows, replace_series
from store.plan_changes import Taken, keep_changes


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        plan: all of it.
        replanned: with ``made_at`` of this plan.
        ordered: how many lines order something else than before.
    """

    plan: Plan
    replanned: Replanned
    ordered: int


def write_replanned(
    connection: psycopg.Connection,
    replanned: Replanned,
    people: People,
    overrides_file: str,
    notes: Sequence[str],
    taken: Sequence[Taken],
    workspace: Workspace,
    found: Found,
    planning_id: str,
) -> Written:
    """Puts the plan in the place of the one that the store and the files have of its date.

    Args:
        connection: is committed.
        replanned: the plan.
        people: what they say of it.
        overrides_file: name of the file of their quantities.
        notes: what there is to say besides.
        taken: files of new rows that are in it.
        found: takes what is known of the run.
        planning_id: of the run.

    Raises:
        UserError: ``people`` accept what there is not.
        DataRejected: their quantities are of series that have no line.
    """
    kept, scored = replanned.kept, replanned.scored
    frame, options, as_of = kept.frame, kept.config.plan, to_date(kept.frame.as_of)
    lines = as_ordered(
        kept.proposals, scored, frame, options, people.overrides, overrides_file, people.accepted
    )
    folder = workspace.plan(as_of)
    with replacing_folder(folder) as temporary:
        write_plan_files(temporary, lines, kept.forecasts)
        made_at = keep_plan(connection, as_of, kept.config, frame.model_version)
        before = _ordered(connection, as_of)
        again = only(kept.forecasts, replanned.touched)
        replace_series(connection, "forecasts", again, replanned.touched, {"as_of": as_of})
        with acts_recorded(connection, as_of, workspace.serving, found.checks, people.accepted):
            keep_lines(connection, only(scored, replanned.touched), lines, replanned.events, as_of)
        if replanned.actuals.num_rows:
            merge_rows(connection, "actuals", replanned.actuals, KEYS)
        keep_changes(connection, as_of, made_at, planning_id, taken)
        connection.commit()
    said = conclude(lines, scored, frame, options, found, before=(*notes, *replanned.notes))
    plan = Plan(as_of, lines, folder, said, promoted(kept.forecasts))
    written = replace(replanned, kept=replace(kept, made_at=made_at))
    return Written(plan, written, _differing(before, lines))


def _ordered(connection: psycopg.Connection, as_of: date) -> pa.Table:
    """What the store's plan orders: store_id, product_id, order_quantity."""
    rows = connection.execute(
        "SELECT store_id, product_id, order_quantity FROM order_lines WHERE as_of = %s", [as_of]
    ).fetchall()
    store, product, quantity = zip(*rows, strict=True) if rows else ((), (), ())
    return pa.table(
        {
            "store_id": pa.array(store, pa.string()),
            "product_id": pa.array(product, pa.string()),
            "order_quantity": pa.array(quantity, pa.float64()),
        }
    )


def _differing(before: pa.Table, lines: pa.Table) -> int:
    """How many lines order something else than before, or are new."""
    then = before["order_quantity"].take(index_in(lines, before, SERIES_KEYS))
    same = pc.equal(then, lines["order_quantity"]).fill_null(False)
    return int(lines.num_rows - (pc.sum(same).as_py() or 0))
