"""Which files of new sales and stock are in a plan; whoever plans its date without them takes them out of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
import pyarrow as pa

from store.loading import replace_rows


@dataclass(frozen=True)
class Taken:
    """A file that is in a plan.

    Attributes:
        file: its name.
        digest: of its content.
        kind: name in the data contract.
        rows: it has.
    """

    file: str
    digest: str
    kind: str
    rows: int


def keep_changes(
    connection: psycopg.Connection, as_of: date, made_at: datetime, planning_id: str, taken: Sequence[Taken]
) -> None:
    """Writes down what is in the plan of a date, in the caller's transaction.

    Args:
        as_of: the date, whose plan is there.
        made_at: when that was made.
        planning_id: of the run that made it.
        taken: all that is in it.
    """
    count = len(taken)
    rows = pa.table(
        {
            "as_of": pa.array([as_of] * count, pa.date32()),
            "file": pa.array([one.file for one in taken], pa.string()),
            "digest": pa.array([one.digest for one in taken], pa.string()),
            "kind": pa.array([one.kind for one in taken], pa.string()),
            "rows": pa.array([one.rows for one in taken], pa.int64()),
            "plan_made_at": pa.array([made_at] * count, pa.timestamp("us", "UTC")),
            "planning_id": pa.array([planning_id] * count, pa.string()),
        }
    )
    replace_rows(connection, "plan_changes", rows, {"as_of": as_of})


def changes_in(connection: psycopg.Connection, as_of: date) -> frozenset[tuple[str, str]]:
    """Names and digests of the files that are in the plan of a date as it now is."""
    found = connection.execute(
        "SELECT file, digest FROM plan_changes JOIN plans USING (as_of) "
        "WHERE as_of = %s AND plan_made_at = made_at",
        [as_of],
    ).fetchall()
    return frozenset((name, digest) for name, digest in found)


def plan_made_at(connection: psycopg.Connection, as_of: date) -> datetime | None:
    """When the plan of a date was made; None where there is none."""
    row = connection.execute("SELECT made_at FROM plans WHERE as_of = %s", [as_of]).fetchone()
    return None if row is None else row[0]
