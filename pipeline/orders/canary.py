"""Orders of the challenger's in the plan itself: for a share of the stores, and for these alone.

Only whole stores are handed over. An order is what one store orders of one supplier, so that least order values, packs
and limits of either pair's orders hold in the plan as they did among its own lines; what goes by all lines of a plan
comes after.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from contracts.rows import SERIES_KEYS
from pipeline.orders.canary_stores import canary_stores
from pipeline.orders.challenger_plan import NOT_PLANNED, Asked, ask
from pipeline.orders.made_from import MadeFrom
from pipeline.workspace import Workspace
from serving.directory.layout import read_state

LOG = logging.getLogger(__name__)
PAIR_VERSION = "pair_version"
"""Column of a line: the pair that orders for its store."""


@dataclass(frozen=True)
class Canary:
    """What a challenger orders of a plan.

    Attributes:
        stores: that it orders for.
        of: how many stores there are.
        asked: what it plans; None where it was not asked.
        failed: why it could not be asked; empty: it could, or there is none.
        note: why it orders for no store though it could; empty: it does, or there is none.
        ordered: figures of its orders, for the log; said: the same in words. Both are empty before the plan is made.
    """

    stores: frozenset[str] = frozenset()
    of: int = 0
    asked: Asked | None = None
    failed: str = ""
    note: str = ""
    ordered: Mapping[str, float] = field(default_factory=dict)
    said: str = ""

    def with_orders(self, lines: pa.Table) -> Canary:
        """With what is ordered in the end: people's quantities and what is held back are in it."""
        if self.asked is None or not self.stores:
            return self
        version = self.asked.version
        own = lines.filter(pc.equal(lines[PAIR_VERSION], version))
        units, whole = (pc.sum(part["order_quantity"]).as_py() or 0 for part in (own, lines))
        said = (
            f"the challenger, pair {version}, orders for {len(self.stores)} of {self.of} stores: {own.num_rows:,} of "
            f"{lines.num_rows:,} lines, {units:,.0f} of {whole:,.0f} units"
        )
        ordered = {"stores": len(self.stores), "ordered_lines": own.num_rows, "ordered_units": units}
        return replace(self, ordered=ordered, said=said)


def order_some(lines: pa.Table, workspace: Workspace, champion: MadeFrom) -> tuple[pa.Table, Canary]:
    """The lines of a plan with those of the challenger in the canary's stores, and with ``pair_version``.

    Where there is no challenger, where it cannot be asked, or where no store can be handed over, all lines stay the
    champion's.

    Args:
        lines: of the champion, by store and product, before people's own quantities.
        workspace: its serving directory names the challenger.
        champion: what they were made from.
    """
    canary = _canary(pc.unique(lines["store_id"]).to_pylist(), workspace, champion)
    version = champion.frame.model_version
    if canary.asked is None:
        return lines.append_column(PAIR_VERSION, pa.array(np.full(lines.num_rows, version))), canary
    return combined(lines, version, canary.asked.lines, canary.asked.version, canary.stores), canary


def combined(
    champion: pa.Table,
    champion_version: int,
    challenger: pa.Table,
    challenger_version: int,
    stores: frozenset[str],
) -> pa.Table:
    """The challenger's lines of these stores, the champion's of the others, in their order, with ``pair_version``.

    Args:
        champion, challenger: lines of the same series in the same order.
    """
    theirs = np.asarray(pc.is_in(champion["store_id"], pa.array(sorted(stores), pa.string())))
    place = np.arange(champion.num_rows) + np.where(theirs, champion.num_rows, 0)
    lines = pa.concat_tables([champion, challenger]).take(pa.array(place))
    return lines.append_column(PAIR_VERSION, pa.array(np.where(theirs, challenger_version, champion_version)))


def _canary(stores: list[str], workspace: Workspace, champion: MadeFrom) -> Canary:
    """What the challenger is to order, and what it plans."""
    version: int | None = None
    try:
        version = read_state(workspace.serving).canary
        if version is None:
            return Canary()
        chosen = canary_stores(stores, champion.config.promotion.canary_stores, version)
        if not chosen:
            note = (
                f"promotion.canary_stores: there is one store, which stays the champion's; nothing is ordered by the "
                f"challenger, pair {version}"
            )
            return Canary(note=note)
        asked = _of_the_same_series(ask(workspace, version, champion), champion)
    except Exception as error:
        LOG.exception(NOT_PLANNED, extra={"challenger": version})
        failed = (
            f"the challenger, pair {version}, was not planned with ({error}); all orders are the champion's"
        )
        return Canary(failed=failed)
    return Canary(chosen, len(stores), asked)


def _of_the_same_series(asked: Asked, champion: MadeFrom) -> Asked:
    """Raises: ValueError: the lines of both cannot be put in each other's place."""
    keys = list(SERIES_KEYS)
    if not asked.lines.select(keys).equals(champion.to_order.select(keys)):
        raise ValueError("it plans other series than the pair that serves")
    return asked
