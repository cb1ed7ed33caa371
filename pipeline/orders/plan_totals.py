"""How a plan ends: what there is to note of it, and the plan in a line of the log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from contracts.dates import to_date
from pipeline.inputs.notes import non_empty
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.holding import is_held_back
from pipeline.orders.planning.minimum_value import unpriced_note
from pipeline.orders.planning.order_days import order_day_note
from pipeline.orders.planning.position import stale_stock
from pipeline.orders.planning_run import Found
from pipeline.plan_options import PlanOptions

LOG = logging.getLogger(__name__)


def conclude(
    lines: pa.Table,
    scored: pa.Table,
    frame: Frame,
    options: PlanOptions,
    found: Found,
    before: Sequence[str],
    after: str = "",
) -> tuple[str, ...]:
    """Logs a plan that was written, and tells its run how many lines it has.

    Args:
        lines: of the orders.
        scored: rows of ``score`` that they were made from.
        frame: of the plan.
        options: of planning.
        found: takes what is known of the run.
        before, after: notes that go before and after those of the lines.

    Returns:
        All notes, as people read them.
    """
    notes = non_empty(
        *before,
        stale_stock(scored, frame, options),
        order_day_note(scored, frame),
        unpriced_note(scored),
        after,
    )
    found.lines = lines.num_rows
    found.held = pc.sum(is_held_back(lines)).as_py() or 0
    _log(to_date(frame.as_of), frame.model_version, lines, found.held, notes)
    return notes


def _log(as_of: date, version: int, lines: pa.Table, held: int, notes: Sequence[str]) -> None:
    for note in notes:
        LOG.warning("note", extra={"note": note})
    ordered = lines.filter(pc.greater(lines["order_quantity"], 0))
    methods = {str(found["values"]): found["counts"] for found in lines["method"].value_counts().to_pylist()}
    figures = {
        "as_of": as_of.isoformat(),
        "version": version,
        "series": lines.num_rows,
        "orders": ordered.num_rows,
        "units": pc.sum(ordered["order_quantity"]).as_py() or 0,
        "held_back": held,
        "overridden": lines.num_rows - lines["override_quantity"].null_count,
        "by_method": methods,
    }
    LOG.info("plan written", extra=figures)
