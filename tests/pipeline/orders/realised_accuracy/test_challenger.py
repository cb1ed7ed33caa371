"""Champion and challenger on a real PostgreSQL, against a loop over days."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import psycopg
import pytest

from pipeline.orders.realised_accuracy.challenger import (
    Beside,
    ordered_stores,
    score_challenger,
    scored_plans,
)

AS_OF = date(2026, 3, 1)
MADE = "2026-03-01 05:00+00"
DAYS = 4
# By product: shelf, champion's and challenger's order, lead time, review period, holding, shortage, presentation stock.
LINES: dict[str, tuple[float, float, float, int, int, float, float, float]] = {
    "P1": (3.0, 9.0, 12.0, 1, 2, 0.5, 4.0, 0.0),
    "P2": (0.0, 8.0, 2.0, 0, 3, 0.25, 3.0, 1.0),
}
MEANS: dict[str, tuple[list[float], list[float]]] = {
    "P1": ([3.0, 4.0, 5.0, 6.0], [2.0, 2.0, 3.0, 4.0]),
    "P2": ([2.0, 2.0, 2.0, 2.0], [4.0, 3.0, 1.0, 1.0]),
}
# By product: units sold (None: closed), share of the day in stock.
CAME: dict[str, list[tuple[float | None, float]]] = {
    "P1": [(5.0, 1.0), (2.0, 0.5), (7.0, 1.0), (1.0, 1.0)],
    "P2": [(3.0, 1.0), (None, 0.0), (4.0, 0.75), (2.0, 1.0)],
}


@pytest.fixture
def planned(writer: psycopg.Connection) -> psycopg.Connection:
    plan(writer)
    return writer


def plan(writer: psycopg.Connection, days: int = 1) -> None:
    levels = "{0.1,0.5,0.9}"
    writer.execute("INSERT INTO plans VALUES (%s, %s, 7, 7, %s, %s, 2, 4, 7)", [AS_OF, MADE, levels, days])
    writer.execute("INSERT INTO challenger_plans VALUES (%s, %s, 7, 8)", [AS_OF, MADE])
    for product, line in LINES.items():
        champion, challenger = MEANS[product]
        writer.execute(
            "INSERT INTO challenger_lines VALUES (%s, 'S', %s, 'model', 1, %s, %s, %s, %s, %s, %s, %s, 9, %s, NULL, "
            "%s, %s)",
            [AS_OF, product, *line, challenger, [units + 1 for units in challenger]],
        )
        for day, mean in enumerate(champion, start=1):
            quantiles = [mean - 1, mean + 0.5, mean + 2]
            writer.execute(
                "INSERT INTO forecasts VALUES (%s, 'S', %s, %s, %s, %s)",
                [AS_OF, product, AS_OF + timedelta(days=days * day), mean, quantiles],
            )


def came(connection: psycopg.Connection, periods: int, days: int = 1) -> None:
    for product, found in CAME.items():
        for day, (units, in_stock) in enumerate(found[:periods], start=1):
            connection.execute(
                "INSERT INTO actuals (store_id, product_id, date, units_sold, in_stock, open) "
                "VALUES ('S', %s, %s, %s, %s, %s)",
                [product, AS_OF + timedelta(days=days * day), units, in_stock, units is not None],
            )


def lived_through(product: str, order: float) -> tuple[float, float]:
    """Cost of an order, and what was asked for in its protection interval, day by day."""
    shelf, _, _, lead, review, holding, shortage, kept = LINES[product]
    stock, cost, asked = shelf, 0.0, 0.0
    for day in range(lead + review):
        units, in_stock = CAME[product][day]
        middle = sum(means[day] for means in MEANS[product]) / 2
        demand = 0.0 if units is None else units + middle * (1 - in_stock)
        asked += demand
        if day == lead:
            # What is there for looks is not sold; what lies above it is.
            stock += order - kept
        lost = max(demand - stock, 0.0)
        if day < lead:
            stock = max(stock - demand, 0.0)
            continue
        cost += shortage * lost + holding * max(stock - demand, 0.0)
        stock = max(stock - demand, 0.0)
    return cost, asked


def test_both_are_scored_on_the_same_days_by_the_same_account(planned: psycopg.Connection) -> None:
    came(planned, DAYS)
    found = score_challenger(planned, 7, 8)
    scores = planned.execute(
        "SELECT product_id, observed, units, champion_forecast, champion_error, challenger_forecast, challenger_error, "
        "(SELECT sum(units) FROM unnest(demand) units), champion_cost, challenger_cost FROM challenger_scores "
        "ORDER BY product_id"
    ).fetchall()
    assert [row[0] for row in scores] == list(LINES)
    for product, *row in scores:
        _, champion, challenger, lead, review, *_ = LINES[product]
        days = [day for day in range(lead + review) if CAME[product][day][1] == 1]
        units = np.array([CAME[product][day][0] for day in days], np.float64)
        middles = [
            np.array(means)[days] + more for means, more in zip(MEANS[product], (0.5, 1.0), strict=True)
        ]
        errors = [[middle.sum(), np.abs(middle - units).sum()] for middle in middles]
        costs = [lived_through(product, order) for order in (champion, challenger)]
        expected = [len(days), units.sum(), *errors[0], *errors[1], costs[0][1], costs[0][0], costs[1][0]]
        assert row == pytest.approx(expected), product
    (plan,) = scored_plans(planned, 7, 8)
    assert (plan.as_of, plan.lines, plan.scored, plan.interval) == (AS_OF, 2, 2, 3)
    assert plan.champion_cost == pytest.approx(sum(row[-2] for row in scores))
    assert found == Beside.of(7, 8, [plan])
    assert found.challenger_wape == pytest.approx(
        sum(row[6] for row in scores) / sum(row[2] for row in scores)
    )


def test_an_interval_that_is_not_over_is_not_scored(planned: psycopg.Connection) -> None:
    came(planned, 2)
    assert score_challenger(planned, 7, 8).plans == 0


def test_sales_that_are_corrected_are_scored_again(planned: psycopg.Connection) -> None:
    came(planned, DAYS)
    before = score_challenger(planned, 7, 8)
    assert score_challenger(planned, 7, 8) == before
    # As much in all, on other days.
    for change in (
        "units_sold + 5",
        "CASE date - '2026-03-01'::date WHEN 1 THEN 12 WHEN 3 THEN 10 ELSE units_sold END",
    ):
        planned.execute(f"UPDATE actuals SET units_sold = {change} WHERE product_id = 'P1'".encode())
        after = score_challenger(planned, 7, 8)
        assert after.challenger_cost != before.challenger_cost
        before = after
    assert planned.execute("SELECT count(*) FROM challenger_scores").fetchone() == (2,)


def test_weeks_are_scored_as_days_are(writer: psycopg.Connection) -> None:
    found = []
    for days in (1, 7):
        plan(writer, days)
        came(writer, DAYS, days)
        found.append(score_challenger(writer, 7, 8))
        writer.execute("DELETE FROM plans")
        writer.execute("DELETE FROM actuals")
    assert found[0] == found[1] and found[0].plans == 1


@pytest.mark.parametrize(
    "change",
    [
        # Planned again without the challenger, by another pair; and another pair's question.
        "UPDATE plans SET made_at = now()",
        "UPDATE plans SET demand_version = 9",
        "UPDATE challenger_plans SET challenger = 6",
    ],
)
def test_what_does_not_stand_beside_the_plan_is_not_scored(planned: psycopg.Connection, change: str) -> None:
    came(planned, DAYS)
    planned.execute(change.encode())
    assert score_challenger(planned, 7, 8).plans == 0


def test_of_a_canary_only_what_it_ordered_is_summed(planned: psycopg.Connection) -> None:
    came(planned, DAYS)
    whole = score_challenger(planned, 7, 8)
    assert scored_plans(planned, 7, 8, canary=True) == [] and ordered_stores(planned, 8) == 0
    planned.execute("UPDATE challenger_lines SET canary = true WHERE product_id = 'P1'")
    (plan,) = scored_plans(planned, 7, 8, canary=True)
    _, champion, challenger, *_ = LINES["P1"]
    assert (plan.lines, plan.scored, plan.interval) == (1, 1, 3)
    assert plan.champion_cost == pytest.approx(lived_through("P1", champion)[0])
    assert plan.challenger_cost == pytest.approx(lived_through("P1", challenger)[0])
    assert (ordered_stores(planned, 8), ordered_stores(planned, 9)) == (1, 0)
    # Both pairs are compared over all stores as before.
    assert score_challenger(planned, 7, 8) == whole


def test_where_nothing_came_nothing_is_said(writer: psycopg.Connection) -> None:
    assert score_challenger(writer, 7, 8) == Beside(7, 8, 0, None, None, None, None, 0, 0)
