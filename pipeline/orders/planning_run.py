"""A planning run in the store: that it began, what was found in the data, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Literal

import psycopg
import pyarrow as pa

from components.metrics_exporter.exporting import LEFT, RUNNING, bury_earlier, record_waivers
from contracts.errors import DataRejected, UserError
from contracts.records.checks import FeatureCheck
from store.connections import Connections, connect
from store.loading import replace_rows

Gate = Literal["data", "newest_rows"]
DATA_GATE: Gate = "data"
NEWEST_ROWS: Gate = "newest_rows"
_FLOATS = ("value", "threshold", "margin")


@dataclass
class Found:
    """What is known of a planning run by its end.

    Attributes:
        as_of: last date of the rows.
        checks: of the newest rows, passed ones too.
        lines: of the plan.
        held: those of them that are held back.
    """

    as_of: date | None = None
    checks: Sequence[FeatureCheck] = ()
    lines: int | None = None
    held: int | None = None


@contextmanager
def recorded(connections: Connections, planning_id: str, period_days: int) -> Iterator[Found]:
    """Writes down that planning began, and at the end of the block how it ended, whatever ended it.

    Args:
        connections: of the store.
        planning_id: of the run; one that was begun already goes on.
        period_days: 1 or 7.
    """
    with connect(connections.writer) as connection:
        begin_planning(connection, planning_id, period_days)
    found = Found()
    try:
        yield found
    except BaseException as error:
        status = "refused_data" if isinstance(error, DataRejected) else "failed"
        _end(connections, planning_id, status, reasons_of(error), found)
        raise
    _end(connections, planning_id, "planned", [], found)


def reasons_of(error: BaseException) -> list[str]:
    """Why it ended, a sentence each."""
    if isinstance(error, DataRejected):
        return [str(problem) for problem in error.problems]
    if isinstance(error, KeyboardInterrupt):
        return ["it was stopped by hand"]
    return [str(error) or type(error).__name__]


def begin_planning(connection: psycopg.Connection, planning_id: str, period_days: int) -> None:
    """The run's row; what began earlier and still stands as running has died with its process."""
    bury_earlier(connection, planning_id, "planning_runs", "planning_id")
    connection.execute(
        "INSERT INTO planning_runs (planning_id, began, status, period_days) VALUES (%s, %s, 'running', %s) "
        "ON CONFLICT (planning_id) DO UPDATE SET status = 'running', ended = NULL, reasons = '{}'",
        [planning_id, datetime.now(timezone.utc), period_days],
    )


def end_planning(
    connection: psycopg.Connection, planning_id: str, status: str, reasons: Sequence[str], found: Found
) -> None:
    """How the run ended; what is known already of its plan stays where nothing newer is."""
    connection.execute(
        "UPDATE planning_runs SET status = %s, ended = %s, reasons = %s, as_of = coalesce(%s, as_of), "
        "lines = coalesce(%s, lines), held = coalesce(%s, held) WHERE planning_id = %s",
        [
            status,
            datetime.now(timezone.utc),
            list(reasons),
            found.as_of,
            found.lines,
            found.held,
            planning_id,
        ],
    )


def close_planning(
    connection: psycopg.Connection,
    planning_id: str,
    checks: Sequence[FeatureCheck],
    stopped: tuple[str, list[str]] | None,
) -> tuple[str, list[str]]:
    """Ends a run of several processes, and says how it ended; one whose plan said so itself stays as it is.

    Args:
        checks: of the data gate.
        stopped: status and reasons, where something before the plan stopped the run.
    """
    keep_checks(connection, planning_id, DATA_GATE, checks)
    status, reasons = connection.execute(
        "SELECT status, reasons FROM planning_runs WHERE planning_id = %s", [planning_id]
    ).fetchone() or (None, [])
    if status is None:
        raise UserError(
            f"{planning_id}: no planning run began with this id; compile it with --purpose planning"
        )
    if status == RUNNING:
        status, reasons = stopped or ("failed", [LEFT])
        end_planning(connection, planning_id, status, reasons, Found())
    return status, reasons


def keep_checks(
    connection: psycopg.Connection, planning_id: str, gate: Gate, checks: Sequence[FeatureCheck]
) -> None:
    """The checks of one gate, in the place of those that the run has of it."""
    rows = [
        {
            "planning_id": planning_id,
            "gate": gate,
            "number": number,
            "check_name": check.check,
            "subject": check.subject,
            **check.model_dump(include={*_FLOATS, "verdict", "reason"}),
        }
        for number, check in enumerate(checks)
    ]
    names = rows[0].keys() if rows else ()
    table = pa.table(
        {
            name: pa.array([row[name] for row in rows], pa.float64() if name in _FLOATS else None)
            for name in names
        }
    )
    replace_rows(connection, "planning_checks", table, {"planning_id": planning_id, "gate": gate})
    record_waivers(connection, checks, f"planning run {planning_id}")


def _end(
    connections: Connections, planning_id: str, status: str, reasons: Sequence[str], found: Found
) -> None:
    with connect(connections.writer) as connection:
        keep_checks(connection, planning_id, NEWEST_ROWS, found.checks)
        end_planning(connection, planning_id, status, reasons, found)
