"""A plan in a line of the log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

LOG = logging.getLogger(__name__)


def log_plan(as_of: date, version: int, lines: pa.Table, held: int, notes: Sequence[str]) -> None:
    """What was written, in all, and what there is to note of it.

    Args:
        as_of: date of the plan.
        version: of the pair.
        lines: of the orders.
        held: those of them that are held back.
        notes: as people read them.
    """
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
