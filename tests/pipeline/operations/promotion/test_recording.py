"""Decisions on challengers in a real store."""

from __future__ import annotations

import psycopg

from pipeline.operations.promotion.decision import Order, decide
from pipeline.operations.promotion.recording import keep, kept
from pipeline.promotion_options import PromotionOptions
from store.roles import APPEND_ONLY
from tests.pipeline.operations.promotion.made_up import NOW, figures


def test_a_planning_run_is_answered_again_what_it_was_answered(writer: psycopg.Connection) -> None:
    assert kept(writer, "20260615T060000Z-1a2b") is None
    order = Order("kim", "withdraw", "why not")
    for run, given in (("20260615T060000Z-1a2b", None), ("20260616T060000Z-1a2b", order)):
        decision = decide(figures(), PromotionOptions(), NOW, given)
        keep(writer, decision, run)
        assert kept(writer, run) == decision


def test_its_tables_are_among_those_that_nobody_changes() -> None:
    assert {"promotion_decisions", "promotion_findings"} <= set(APPEND_ONLY)
