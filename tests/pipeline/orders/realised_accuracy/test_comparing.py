"""Scoring where there is nothing to score yet; the metrics themselves are tested from the command line."""

from __future__ import annotations

import psycopg

from pipeline.orders.realised_accuracy.comparing import realise


def test_a_plan_whose_periods_have_not_come_yet_is_scored_as_nothing(writer: psycopg.Connection) -> None:
    writer.execute("INSERT INTO plans VALUES ('2026-03-01', now(), 1, 1, '{0.1,0.5,0.9}', 1, 7, 14, 7)")
    writer.execute("INSERT INTO series VALUES ('S', 'P', 'c', 1, 1, 9, 2)")
    writer.execute("INSERT INTO forecasts VALUES ('2026-03-01', 'S', 'P', '2026-03-02', 3, '{1,3,6}')")
    writer.execute(
        "INSERT INTO actuals (store_id, product_id, date, units_sold, in_stock) VALUES ('S', 'P', '2026-03-01', 2, 1)"
    )
    found = realise(writer, [])
    assert found.plans == 0 and found.wape is None and found.anomalies.empty
