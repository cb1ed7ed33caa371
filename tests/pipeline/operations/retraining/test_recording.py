"""Decisions in a real store."""

from __future__ import annotations

import psycopg
import pytest

from pipeline.operations.retraining.decision import Order, decide
from pipeline.operations.retraining.recording import keep, kept
from pipeline.retraining_options import RetrainingOptions
from store.connections import Connections
from store.roles import APPEND_ONLY
from tests.pipeline.operations.retraining.made_up import NOW, figures


def test_a_planning_run_is_answered_again_what_it_was_answered(writer: psycopg.Connection) -> None:
    assert kept(writer, "20260615T060000Z-1a2b") is None
    for run, order in (("20260615T060000Z-1a2b", None), ("20260616T060000Z-1a2b", Order("kim", "why not"))):
        decision = decide(figures(), RetrainingOptions(), NOW, order)
        keep(writer, decision, run)
        assert kept(writer, run) == decision


@pytest.mark.parametrize("table", [table for table in APPEND_ONLY if table.startswith("retraining")])
@pytest.mark.parametrize("change", ["UPDATE {} SET said = ''", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_nobody_changes_or_deletes_a_decision(
    store: Connections, writer: psycopg.Connection, table: str, change: str
) -> None:
    keep(writer, decide(figures(), RetrainingOptions(), NOW))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
        writer.execute(change.format(table).encode())
    with (
        psycopg.connect(store.owner) as owner,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="never"),
    ):
        owner.execute(f"SET search_path TO retail; {change.format(table)}".encode())
