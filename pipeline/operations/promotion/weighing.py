"""Weighs the challenger of a workspace, writes the decision down and carries it out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

import psycopg

from contracts.errors import UserError
from contracts.records.promotion import PromotionDecision
from pipeline.audit import record_directory
from pipeline.config import Config
from pipeline.operations.promotion.decision import ROLL_BACK, Order, decide
from pipeline.operations.promotion.figures import Figures
from pipeline.operations.promotion.recording import keep, kept
from pipeline.orders.realised_accuracy.challenger import ordered_stores, scored_plans
from pipeline.workspace import Workspace
from serving.directory.layout import State, read_manifest, read_state
from serving.directory.switching import promote, withdraw
from store.connections import connect
from store.opening import choose, opened

LOG = logging.getLogger(__name__)
_LOCK = 7_205_413
"""Any number, so that two who ask at once do not both decide."""


@dataclass(frozen=True)
class Weighed:
    """What was decided.

    Attributes:
        decision: None: there is no challenger.
        changed: the serving directory's state before and now; None where it stays as it is.
    """

    decision: PromotionDecision | None
    changed: tuple[State, State] | None = None


def weigh(
    workspace: Workspace,
    config: Config,
    now: datetime,
    by: str,
    order: Order | None = None,
    planning_id: str | None = None,
    dry_run: bool = False,
    roll_back_only: bool = False,
) -> Weighed:
    """What becomes of the challenger; the serving directory changes before the record of it is kept, or neither does.

    Args:
        now: with its time zone.
        by: who asks, for the serving directory's history.
        order: of a person; stands above every figure.
        planning_id: the planning run that asks; asked again, it gets the same answer, and nothing is done again.
        dry_run: nothing is changed or written down.
        roll_back_only: likewise, unless it is withdrawn for what came in the stores that it orders for.

    Raises:
        UserError: pairs serve at once by this configuration, there is no challenger to give an order for, or the store
            or the serving directory cannot be used.
    """
    if config.promotion.mode != "challenger":
        raise UserError(
            "promotion.mode is not challenger in this configuration, so that what is blessed serves at once; give the "
            "--config that plans are made with ('promote' is for the canary of serving.canary)"
        )
    workspace.create()
    choose(workspace.store, config.store_address)
    with opened(workspace.store) as connections, connect(connections.writer) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        answered = kept(connection, planning_id) if planning_id and not dry_run else None
        if answered is not None:
            return Weighed(answered)
        figures = _figures(connection, workspace, config)
        if figures is None:
            if order is not None:
                raise UserError(
                    f"{workspace.serving}: there is no challenger to {order.action}; 'versions' lists what is kept"
                )
            return Weighed(None)
        decision = decide(figures, config.promotion, now, order)
        if dry_run:
            return Weighed(decision)
        if roll_back_only and not any(f.crossed for f in decision.findings if f.name in ROLL_BACK):
            return Weighed(None)
        keep(connection, decision, planning_id)
        changed = _carry_out(workspace, decision, by)
        record_directory(connection, workspace.serving)
    for finding in decision.findings:
        LOG.info("weighed", extra=finding.model_dump(exclude={"said", "name"}) | {"finding": finding.name})
    LOG.info(
        "challenger decided",
        extra={"action": decision.action, "challenger": decision.challenger, "because": decision.said},
    )
    return Weighed(decision, changed)


def _figures(connection: psycopg.Connection, workspace: Workspace, config: Config) -> Figures | None:
    """None where there is no challenger."""
    state = read_state(workspace.serving)
    if state.stable is None or state.canary is None:
        return None
    newest = connection.execute("SELECT max(date) FROM actuals WHERE units_sold IS NOT NULL").fetchone()
    manifest = read_manifest(workspace.serving, state.canary)
    pairs, orders = (state.stable, state.canary), config.promotion.canary_stores > 0
    return Figures(
        config.data.period_days,
        state.stable,
        state.canary,
        datetime.fromisoformat(manifest["pushed_at"]),
        scored_plans(connection, *pairs),
        newest[0] if newest else None,
        scored_plans(connection, *pairs, canary=True) if orders else (),
        ordered_stores(connection, state.canary) if orders else 0,
    )


def _carry_out(workspace: Workspace, decision: PromotionDecision, by: str) -> tuple[State, State] | None:
    if decision.action == "wait":
        return None
    change = promote if decision.action == "promote" else withdraw
    return change(workspace.serving, decision.ordered_by or by, decision.said, only=decision.challenger)
