"""New sales against earlier forecasts and plans."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of Beam's companions)
import psycopg
from rich.console import Console

from contracts.rows import read_flat
from pipeline.config import Config
from pipeline.inputs.notes import print_read, told
from pipeline.inputs.pair import check_settings
from pipeline.orders.planning.scoring import actuals
from pipeline.orders.realised_accuracy.comparing import Realised, realise
from pipeline.orders.shards import write_row_shards
from pipeline.workspace import Workspace
from serving.directory.layout import read_state
from store.connections import connect
from store.opening import choose, opened

_EPOCH = date(1970, 1, 1)
_SHOWN = 10


def take_up_actuals(data: Path, workspace: Workspace, config: Config, console: Console) -> Realised | None:
    """Loads what happened since the first plan, and scores every plan against it; twice changes nothing.

    Args:
        data: folder with the files of the data contract.
        workspace: of the plans.
        config: of the workspace.
        console: takes the notes of what was read.

    Returns:
        What became of the plans; None where none was made yet.

    Raises:
        UserError: the store cannot be used, or the configuration is not the one that the pair was trained with.
        DataRejected: the data breaks the contract; nothing was written.
    """
    stable = read_state(workspace.serving).stable
    settings_note = check_settings(workspace, stable, config, "data.") if stable is not None else ""
    workspace.create()
    url = config.database_url
    choose(workspace.store, url.get_secret_value() if url else None)
    with tempfile.TemporaryDirectory(prefix=".actuals-", dir=workspace.root) as name:
        read = write_row_shards(data, config, Path(name), workspace.quarantine)
        print_read(read.report, console, told(settings_note))
        with opened(workspace.store) as connections, connect(connections.writer) as connection:
            first = _first_plan(connection)
            if first is None:
                return None
            after = (first - _EPOCH).days
            return realise(connection, [actuals(read_flat(shard), after) for shard in read.files])


def _first_plan(connection: psycopg.Connection) -> date | None:
    found = connection.execute("SELECT min(as_of) FROM plans").fetchone()
    return found[0] if found else None


def print_realised(found: Realised | None, console: Console) -> None:
    """The totals, and what to look at."""
    if found is None:
        console.print("nothing to score: no plan was made in this workspace yet")
        return
    if not found.plans:
        console.print("no period that was planned for is known yet")
        return
    console.print(
        f"{found.plans} plan(s) with known periods: WAPE {_share(found.wape)}, bias {_share(found.bias)}, "
        f"{_share(found.inside)} within the outer quantiles, fill rate {_share(found.fill_rate)} (lost units estimated)"
    )
    console.print(f"cost: holding {_money(found.holding_cost)}, shortage {_money(found.shortage_cost)}")
    if found.overridden:
        console.print(
            f"{found.overridden} overridden line(s): {_money(found.ordered_cost)} as ordered, "
            f"{_money(found.proposed_cost)} as proposed"
        )
    for row in found.anomalies.head(_SHOWN).to_dict("records"):
        console.print(
            f"  {row['level']} {row['store_id']} {row['product_id']}: {row['outside']} periods {row['side']} the "
            f"forecast's outer quantile, {row['expected']:.1f} expected ({row['since']} to {row['until']})"
        )
    if len(found.anomalies) > _SHOWN:
        console.print(f"  and {len(found.anomalies) - _SHOWN} more, in the table demand_anomalies")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
