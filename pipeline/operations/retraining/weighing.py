"""Weighs a workspace and writes the decision down."""

from __future__ import annotations

import logging
from datetime import datetime

from contracts.records.retraining import Decision
from pipeline.config import Config
from pipeline.operations.retraining.decision import Order, decide
from pipeline.operations.retraining.reading import read_figures
from pipeline.operations.retraining.recording import keep, kept
from pipeline.workspace import Workspace
from store.connections import connect
from store.opening import choose, opened

LOG = logging.getLogger(__name__)
_LOCK = 7_205_412
"""Any number, so that two who ask at once do not both hear that a training is due."""


def weigh(
    workspace: Workspace,
    config: Config,
    now: datetime,
    order: Order | None = None,
    planning_id: str | None = None,
    dry_run: bool = False,
) -> Decision:
    """Whether a training is due.

    Args:
        now: with its time zone.
        order: of a person; passes every guard.
        planning_id: the planning run that asks; asked again, it gets the same answer.
        dry_run: nothing is written down.

    Raises:
        UserError: the store or the serving directory cannot be used.
    """
    workspace.create()
    choose(workspace.store, config.store_address)
    with opened(workspace.store) as connections, connect(connections.writer) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        answered = kept(connection, planning_id) if planning_id and not dry_run else None
        if answered is not None:
            return answered
        figures = read_figures(
            connection,
            workspace,
            config.retraining,
            config.data.period_days,
            config.promotion.mode == "challenger",
        )
        decision = decide(figures, config.retraining, now, order)
        if not dry_run:
            keep(connection, decision, planning_id)
    for finding in (*decision.reasons, *decision.guards):
        LOG.info("weighed", extra=finding.model_dump(exclude={"said", "name"}) | {"finding": finding.name})
    LOG.info("retraining decided", extra={"due": decision.due, "because": decision.said})
    return decision
