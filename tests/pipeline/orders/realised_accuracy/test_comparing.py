"""Scoring where there is nothing to score yet; the metrics themselves are tested from the command line."""

from __future__ import annotations

import pandas as pd
import psycopg
import pytest

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


def test_closed_days_count_in_nothing_but_the_cost_of_what_lies_there(writer: psycopg.Connection) -> None:
    """Against pandas: four days, the second closed, the fourth half out of stock, under an override of three days."""
    writer.execute("INSERT INTO plans VALUES ('2026-03-01', now(), 1, 1, '{0.1,0.5,0.9}', 1, 7, 14, 7)")
    writer.execute("INSERT INTO series VALUES ('S', 'P', 'c', 1, 0.5, 9, 2)")
    days = pd.DataFrame(
        {
            "date": pd.date_range("2026-03-02", periods=4).date,
            "low": [1.0, 0.0, 1.0, 1.0],
            "middle": [3.0, 0.0, 4.0, 2.0],
            "high": [5.0, 0.0, 6.0, 5.0],
            "units": [6.0, None, 3.0, 1.0],
            "in_stock": [1.0, 0.0, 1.0, 0.5],
            "on_hand": [9.0, 9.0, 6.0, 0.0],
            "open": [True, False, True, True],
        }
    )
    for day in days.itertuples():
        quantiles = [day.low, day.middle, day.high]
        writer.execute(
            "INSERT INTO forecasts VALUES ('2026-03-01', 'S', 'P', %s, %s, %s)",
            [day.date, day.middle, quantiles],
        )
        writer.execute(
            "INSERT INTO actuals (store_id, product_id, date, units_sold, in_stock, on_hand, open) "
            "VALUES ('S', 'P', %s, %s, %s, %s, %s)",
            [day.date, None if pd.isna(day.units) else day.units, day.in_stock, day.on_hand, day.open],
        )
    writer.execute(
        "INSERT INTO order_lines (as_of, store_id, product_id, expected_demand, safety_stock, on_hand, on_order, "
        "rounding_adjustment, replenishment_quantity, override_quantity, order_quantity, method, reason, "
        "protection_interval, arrival) "
        "VALUES ('2026-03-01', 'S', 'P', 7, 0, 2, 0, 0, 5, 8, 8, 'model', '', 3, '2026-03-03')"
    )
    found = realise(writer, [])
    full = days[days.open & (days.in_stock == 1)]
    is_open = days[days.open]
    assert found.wape == pytest.approx((full.middle - full.units).abs().sum() / full.units.sum())
    assert found.bias == pytest.approx((full.middle - full.units).sum() / full.units.sum())
    assert found.inside == pytest.approx(full.units.between(full.low, full.high).mean())
    assert found.holding_cost == pytest.approx(0.5 * days.on_hand.sum())
    lost = (is_open.middle * (1 - is_open.in_stock)).sum()
    assert found.shortage_cost == pytest.approx(9 * lost)
    assert found.fill_rate == pytest.approx(is_open.units.sum() / (is_open.units.sum() + lost))
    assert (found.plans, found.overridden) == (1, 1)
    assert found.proposed_cost == pytest.approx(9 * (9 - 7)) and found.ordered_cost == pytest.approx(
        0.5 * (10 - 9)
    )
    # Of a plan of which nothing but a closed day is known there is nothing to say.
    writer.execute("DELETE FROM actuals WHERE open")
    writer.execute("DELETE FROM realised")
    assert realise(writer, []).plans == 0
