"""New sales against earlier forecasts and plans."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of Beam's companions)
import psycopg

from components.example_generation.ingest import prepare
from components.example_generation.report import log_reading
from contracts.dates import to_days
from contracts.rows import read_flat
from pipeline.config import Config
from pipeline.inputs.notes import OnRead, non_empty
from pipeline.inputs.pair import check_settings
from pipeline.orders.planning.scoring import actuals
from pipeline.orders.realised_accuracy.comparing import Realised, realise
from pipeline.orders.shards import write_row_shards
from pipeline.workspace import Workspace
from serving.directory.layout import read_state
from store.connections import connect
from store.opening import choose, opened

if TYPE_CHECKING:
    from pipeline.orders.realised_accuracy.challenger import Beside
    from pipeline.orders.watching.watched import Watched

LOG = logging.getLogger(__name__)


def take_up_actuals(
    data: Path, workspace: Workspace, config: Config, on_read: OnRead
) -> tuple[Realised | None, Beside | None, Watched | None, tuple[str, ...]]:
    """Loads what happened since the first plan, and scores every plan against it; twice changes nothing.

    Where ``demand_watch`` is on, it looks at the newest periods afterwards.

    Args:
        data: folder with the files of the data contract.
        workspace: of the plans.

    Returns:
        What became of the plans, None where none was made yet; of champion and challenger beside each other, None where
        there is no challenger; what the demand watch found, None where it is off; and notes of our own.

    Raises:
        UserError: the store cannot be used, or the configuration is not the one that the pair was trained with.
        DataRejected: the data breaks the contract; nothing was written.
    """
    state = read_state(workspace.serving)
    stable = state.stable
    settings_note = check_settings(workspace, stable, config, "data.") if stable is not None else ""
    workspace.create()
    choose(workspace.store, config.store_address)
    with tempfile.TemporaryDirectory(prefix=".actuals-", dir=workspace.root) as name:
        read = write_row_shards(
            prepare(data, config.data, config.windows.review_period), config, Path(name), workspace
        )
        on_read(read.report)
        log_reading(read.report)
        with opened(workspace.store) as connections, connect(connections.writer) as connection:
            first = _first_plan(connection)
            found = beside = None
            if first is not None:
                after = to_days(first)
                found = realise(connection, [actuals(read_flat(shard), after) for shard in read.files])
                figures = {
                    "plans": found.plans,
                    "wape": found.wape,
                    "bias": found.bias,
                    "inside": found.inside,
                }
                money = {"holding_cost": found.holding_cost, "shortage_cost": found.shortage_cost}
                LOG.info("plans scored", extra=figures | {"fill_rate": found.fill_rate} | money)
                if config.promotion.mode == "challenger" and stable is not None and state.canary is not None:
                    from pipeline.orders.realised_accuracy.challenger import score_challenger

                    beside = score_challenger(connection, stable, state.canary)
                    LOG.info("challenger scored", extra=asdict(beside))
            watched = None
            if config.demand_watch.enabled and stable is not None:
                connection.commit()
                # Only here: it brings TensorFlow along.
                from pipeline.orders.watching.watched import watch_newest

                watched = watch_newest(read, workspace, config, stable, connection)
                LOG.info("watched", extra={"findings": len(watched.findings), "new": len(watched.new)})
            return found, beside, watched, non_empty(settings_note, watched.note if watched else "")


def _first_plan(connection: psycopg.Connection) -> date | None:
    found = connection.execute("SELECT min(as_of) FROM plans").fetchone()
    return found[0] if found else None
