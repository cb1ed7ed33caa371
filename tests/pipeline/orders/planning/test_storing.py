"""The order lines and the table that takes them."""

from __future__ import annotations

from pipeline.orders.canary import PAIR_VERSION
from pipeline.orders.planning.holding import NOTHING_ACCEPTED, hold_back
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.overrides import NO_OVERRIDES, apply_overrides
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from store.connections import Connections, connect
from store.migrating import SCHEMA
from tests.pipeline.orders.planning.scored import FRAME, scored


def test_the_table_has_the_columns_of_a_line_and_no_others(store: Connections) -> None:
    series, options = scored(2), PlanOptions()
    lines = order_lines(
        series,
        mean_demand(series, FRAME),
        stock_position(series, no_orders(), FRAME, options),
        FRAME,
        options,
    )
    whole = hold_back(apply_overrides(lines, NO_OVERRIDES.rows), series, FRAME, options, NOTHING_ACCEPTED)
    with connect(store.reader or "") as connection:
        found = connection.execute(
            "SELECT column_name FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name = 'order_lines'",
            [SCHEMA],
        ).fetchall()
    assert {name for (name,) in found} == {*whole.column_names, PAIR_VERSION}
