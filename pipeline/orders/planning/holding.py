"""Orders out of all proportion to what was sold: held back until a person says that they are meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.data_gate.severity import Kind
from contracts.arrays import Floats
from contracts.errors import UserError
from contracts.rows import floats
from inventory.rounding import round_order
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.overrides import apply_overrides
from pipeline.plan_options import PlanOptions

ALL = "all"
_SHOWN = 3


@dataclass(frozen=True)
class Accepted:
    """What a person lets pass.

    Attributes:
        words: ``all``, STORE:PRODUCT of a line, or the name of a check of the data gate.
    """

    words: tuple[str, ...] = ()
    by: str = ""

    def __contains__(self, word: str) -> bool:
        return ALL in self.words or word in self.words

    def check(self, lines: Sequence[str], checks: Sequence[str]) -> None:
        """See that each word names something.

        Raises:
            UserError: one names neither a line nor a check.
        """
        known = {ALL, *lines, *checks}
        stray = [word for word in self.words if word not in known]
        if stray:
            shown = ", ".join(lines[:_SHOWN]) + (", ..." if len(lines) > _SHOWN else "")
            raise UserError(
                f"--accept {stray[0]}: names neither a line (STORE:PRODUCT, such as {shown}) nor a check of the data "
                f"gate ({', '.join(checks)}); {ALL} accepts everything"
            )


NOTHING_ACCEPTED = Accepted()


def hold_back(
    lines: pa.Table, scored: pa.Table, frame: Frame, options: PlanOptions, accepted: Accepted
) -> pa.Table:
    """The lines with ``held`` (why a proposal is out of proportion; else null) and ``accepted_by``.

    What is held, was not accepted and has no override is not ordered: its ``order_quantity`` is 0, while the proposal
    stays as it is and adds up. A line is held whose proposal

    - is more than ``order_limit`` times the most that was sold in a stretch as long as the protection interval; the
      smallest order that packs and minimum allow is none too large while it lasts no more than ``cover_days``, or is
      no more than some series sold in one period;
    - rests on a single period with sales, and is more than ``order_limit`` times what any series with more of them
      sold in one period.

    All are held where together they are more than ``plan_limit`` times what these bounds are made of.

    Args:
        lines: with overrides applied.
        scored: the rows of ``pipeline.orders.planning.scoring.score`` that they were made of, in their order.
        accepted: what a person lets pass.
    """
    quantity = floats(lines["replenishment_quantity"])
    peak, selling = floats(scored["peak"]), floats(scored["selling"])
    most = float(np.max(peak, where=selling > 1, initial=0.0))
    stretch, usual = floats(scored["stretch"]), _smallest(scored, most, frame, options)
    # A shelf that is filled for the first time holds more than was ever sold.
    kept = np.nan_to_num(floats(scored["presentation_stock"]))
    too_much = quantity > np.maximum(options.order_limit * stretch, usual) + kept
    alone = (selling == 1) & (quantity > options.order_limit * most + kept) & (most > 0)
    held = np.full(len(quantity), None, dtype=object)
    interval, sold = floats(lines["protection_interval"]), floats(scored["sold"])
    period = "week" if frame.period_days == 7 else "day"
    for i in np.flatnonzero(too_much | alone):
        most_sold = (
            f"without lone peaks at most {_number(stretch[i])} in {interval[i]:.0f} {period}s"
            if too_much[i]
            else f"all in one {period}, and of nothing else more than {_number(most)} in a {period}"
        )
        held[i] = (
            f"would order {_number(quantity[i])}; in the last {frame.history} {period}s {_number(sold[i])} were sold, "
            + most_sold
        )
    bounds = np.maximum(stretch, usual) + kept
    free = ~(too_much | alone | np.isnan(bounds)) & np.asarray(lines["override_quantity"].is_null())
    total, bound = quantity[free].sum(), bounds[free].sum()
    if total > options.plan_limit * bound:
        why = (
            f"the whole plan would order {_number(total)}; stretches as long as the protection intervals sold at most "
            f"{_number(bound)}"
        )
        held[free & (quantity > 0)] = why
    meant = np.array([word in accepted for word in names(lines)], dtype=bool)
    table = lines.append_column("held", pa.array(held, pa.string()))
    by = [accepted.by if word and why else None for word, why in zip(meant, held, strict=True)]
    table = table.append_column("accepted_by", pa.array(by, pa.string()))
    ordered = pc.if_else(is_held_back(table), 0.0, table["order_quantity"])
    return table.set_column(table.column_names.index("order_quantity"), "order_quantity", ordered)


def is_held_back(lines: pa.Table) -> pa.ChunkedArray:
    """Which lines are out of proportion and neither accepted nor overridden."""
    nobody = pc.and_(lines["accepted_by"].is_null(), lines["override_quantity"].is_null())
    return pc.and_(lines["held"].is_valid(), nobody)


def names(lines: pa.Table) -> list[str]:
    """STORE:PRODUCT of each line."""
    return list(pc.binary_join_element_wise(lines["store_id"], lines["product_id"], ":").to_pylist())


def held_first(lines: pa.Table) -> pa.Table:
    """The lines in their order, but those that are held back at the top, the largest first."""
    there = np.asarray(is_held_back(lines))
    size = np.where(there, floats(lines["replenishment_quantity"]), 0.0)
    return lines.take(pa.array(np.lexsort((-size, ~there))))


def as_ordered(
    lines: pa.Table,
    scored: pa.Table,
    frame: Frame,
    options: PlanOptions,
    overrides: pa.Table,
    file: str,
    accepted: Accepted,
) -> pa.Table:
    """The lines with people's quantities, those first that are held back.

    Args:
        lines: as proposed.
        scored: rows of ``score`` that they were made from.
        frame: of the plan.
        options: of planning.
        overrides: people's own quantities in force.
        file: name of their file; empty: there is none.
        accepted: what a person lets pass.

    Raises:
        UserError: ``accepted`` names what there is not.
        DataRejected: overrides are of series that have no line.
    """
    lines = apply_overrides(lines, overrides, file)
    accepted.check(names(lines), get_args(Kind))
    return held_first(hold_back(lines, scored, frame, options, accepted))


def _smallest(scored: pa.Table, most: float, frame: Frame, options: PlanOptions) -> Floats:
    """Of each series the smallest order that is allowed, units, [N]; 0 where even that is out of proportion."""
    pack, least, limit = (
        floats(scored[name]) for name in ("pack_size", "minimum_order_quantity", "maximum_order_quantity")
    )
    smallest, _ = round_order(pack, pack, least, limit)
    with np.errstate(divide="ignore", invalid="ignore"):
        lasts = smallest / floats(scored["mean"]) * frame.period_days
    return np.where((lasts <= options.cover_days) | (smallest <= most), smallest, 0.0)


def _number(value: float) -> str:
    return f"{round(value, 3):,.10g}"
