"""What people changed in a plan, for the audit trail: their own quantities, and what they let pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import class_row

from contracts.records.checks import FeatureCheck
from pipeline.audit import record_directory
from pipeline.orders.planning.holding import Accepted
from store.audit import Act, record

_CHOICES = """
    SELECT store_id || ':' || product_id AS line, replenishment_quantity AS proposal, held, accepted_by,
           override_quantity AS quantity, override_reason AS reason, override_by AS by, override_until AS until
    FROM order_lines
    WHERE as_of = %s AND (override_quantity IS NOT NULL OR accepted_by IS NOT NULL)
    ORDER BY store_id, product_id
    """


@dataclass(frozen=True)
class _Choice:
    """What people decided of one order line."""

    line: str
    proposal: float
    held: str | None
    accepted_by: str | None
    quantity: float | None
    reason: str | None
    by: str | None
    until: date | None

    @property
    def override(self) -> tuple[Any, ...]:
        return self.quantity, self.reason, self.by, self.until


@contextmanager
def acts_recorded(
    connection: psycopg.Connection,
    as_of: date,
    serving: Path,
    checks: Sequence[FeatureCheck],
    accepted: Accepted,
) -> Iterator[None]:
    """Adds to the trail what the block changed in the lines of a date, and what was let pass; in its transaction.

    A date that is planned again with the same overrides adds nothing.

    Args:
        as_of: the date, whose lines the block writes.
        serving: the serving directory, of which the trail is brought up to date.
        checks: of the newest rows; those that stop were accepted.
        accepted: by whom.
    """
    before = _choices(connection, as_of)
    yield
    now, occasion = datetime.now(timezone.utc), f"plan of {as_of}"
    acts = [
        *_line_acts(before, _choices(connection, as_of), now, occasion),
        *(
            Act(now, "accept", f"{check.check} of {check.feature}", accepted.by, check.reason, occasion)
            for check in checks
            if check.verdict == "stop"
        ),
    ]
    record(connection, acts)
    record_directory(connection, serving)


def _choices(connection: psycopg.Connection, as_of: date) -> dict[str, _Choice]:
    with connection.cursor(row_factory=class_row(_Choice)) as cursor:
        return {choice.line: choice for choice in cursor.execute(_CHOICES, [as_of])}


def _line_acts(
    before: Mapping[str, _Choice], after: Mapping[str, _Choice], at: datetime, occasion: str
) -> Iterator[Act]:
    for line, choice in after.items():
        then = before.get(line)
        if choice.quantity is not None and (then is None or then.override != choice.override):
            until = f", until {choice.until}" if choice.until else ""
            detail = f"{choice.quantity:g} units instead of {choice.proposal:g}{until}"
            yield Act(at, "override", line, choice.by or "", choice.reason or "", occasion, detail)
        if choice.accepted_by and (then is None or then.accepted_by != choice.accepted_by):
            detail = f"{choice.proposal:g} units"
            yield Act(at, "accept", line, choice.accepted_by, choice.held or "", occasion, detail)
    for line, then in before.items():
        if then.quantity is not None and (line not in after or after[line].quantity is None):
            detail = f"no longer the {then.quantity:g} units of {then.by or 'nobody named'}"
            yield Act(at, "take_back_override", line, "plan", "", occasion, detail)
