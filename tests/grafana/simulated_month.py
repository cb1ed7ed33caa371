"""A month of a retailer's life in a real store, with a clock of its own, and which alert rings when."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from functools import partial
from typing import Any, Literal

import psycopg

from tests.grafana.board_files import ALERTS, read

FIRST = date(2026, 3, 2)
"""A Monday."""
WARM_UP, DAYS = 21, 30
STEP = timedelta(hours=3)
TABLES = ("runs", "planning_runs", "plans", "actuals", "series", "backups")
Outcome = Literal["well", "refused_data", "refused_model", "failed", "hangs", "not at all"]

CLOCK = """
CREATE SCHEMA clock;
CREATE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT current_setting('clock.at')::timestamptz $$;
SET search_path TO clock, pg_catalog;
"""
"""What is named before pg_catalog is found before it: now() is this one, in the rules' own text."""


@dataclass(frozen=True)
class Figures:
    """What came of a day: units, forecast, errors of both methods, and how many of twenty products ran out."""

    units: float = 1000.0
    forecast: float = 980.0
    error: float = 250.0
    naive: float = 320.0
    out: int = 1


@dataclass(frozen=True)
class Life:
    """How a month goes, by number of the day from 1 on; what is not said of a day goes well.

    Attributes:
        period_days: 1 or 7.
        arrives: days that a day's sales come later than the morning after.
        plans, trains: how what began on a day ended.
        figures: what came of a day.
        backed_up: the days with a back-up, at 1 in the night.
        frozen: days whose sales the demand watch took for a feed that stands still.
    """

    period_days: int = 1
    arrives: dict[int, int] = field(default_factory=dict)
    plans: dict[int, Outcome] = field(default_factory=dict)
    trains: dict[int, Outcome] = field(default_factory=dict)
    figures: Callable[[int], Figures] = lambda _: Figures()
    backed_up: Sequence[int] = ()
    frozen: tuple[int, ...] = ()


def day_of(number: int) -> date:
    return FIRST + timedelta(number - 1)


def at(number: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day_of(number), datetime.min.time(), timezone.utc) + timedelta(
        hours=hour, minutes=minute
    )


Event = tuple[datetime, Callable[[psycopg.Connection], None]]


def events(life: Life) -> Iterator[Event]:
    """Everything that happens, with its time; sales of a day come at 4 the morning after."""
    for number in range(1 - WARM_UP, DAYS + 1):
        if day_of(number).weekday() == 0:
            yield from _training(life, number)
        if number in life.backed_up:
            yield at(number, 1), partial(_back_up, at(number, 1))
        yield from _planning(life, number)


def _back_up(when: datetime, store: psycopg.Connection) -> None:
    store.execute("INSERT INTO retail.backups VALUES (%s, 2.5, 1000000, true, false)", [when])


def known(life: Life, number: int) -> int:
    """The newest day, or first day of a week, whose sales and all before are there when a day's planning begins."""
    if life.period_days == 7:
        return number - (number - 1) % 7 - 7
    there = 0 - WARM_UP
    for day in range(1 - WARM_UP, number):
        if day + 1 + life.arrives.get(day, 0) > number:
            break
        there = day
    return there


def _planning(life: Life, number: int) -> Iterator[Event]:
    outcome = life.plans.get(number, "well")
    if outcome == "not at all":
        return
    planning, sales, figures = f"planning {number + 100}", known(life, number), life.figures(number)

    def begin(store: psycopg.Connection) -> None:
        store.execute(
            "INSERT INTO retail.planning_runs (planning_id, began, status, period_days) VALUES (%s, %s, 'running', %s)",
            [planning, at(number, 5), life.period_days],
        )

    def end(store: psycopg.Connection) -> None:
        status = "planned" if outcome == "well" else outcome
        store.execute(
            "UPDATE retail.planning_runs SET ended = %s, status = %s, as_of = %s WHERE planning_id = %s",
            [at(number, 5, 20), status, day_of(sales), planning],
        )
        if outcome != "well":
            return
        store.execute(
            "INSERT INTO retail.plans VALUES (%s, %s, 1, 1, '{0.1,0.9}', %s, 1, 14, 7) "
            "ON CONFLICT (as_of) DO UPDATE SET made_at = EXCLUDED.made_at",
            [day_of(sales), at(number, 5, 20), life.period_days],
        )
        _come_true(store, sales, figures)
        if number in life.frozen:
            store.execute(
                "INSERT INTO retail.watch_findings (found_at, kind, level, store_id, product_id, category, since, "
                "until, expected, seen, p_value, reason, advice, pair, as_of) "
                "VALUES (%s, 'frozen_feed', 'store', 'S', '', '', %s, %s, 100, 0, 1e-9, '', '', 1, %s)",
                [at(number, 5, 20), *[day_of(sales)] * 3],
            )

    yield at(number, 5), begin
    if outcome != "hangs":
        yield at(number, 5, 20), end


def _come_true(store: psycopg.Connection, sales: int, figures: Figures) -> None:
    """The newest plan that has sales by now is scored, and the day's stock-outs are known."""
    store.execute(
        "INSERT INTO retail.realised SELECT as_of, 'S', 'P', 7, 7, %s, %s, %s, %s, %s, %s, 0, 0, %s, 0, 0, 0 "
        "FROM retail.plans WHERE as_of < %s ORDER BY as_of DESC LIMIT 1 ON CONFLICT DO NOTHING",
        [
            figures.units,
            figures.forecast,
            figures.error,
            figures.units,
            figures.error,
            figures.naive,
            figures.units,
            day_of(sales),
        ],
    )
    store.execute(
        "INSERT INTO retail.actuals (store_id, product_id, date, units_sold, in_stock) "
        "SELECT 'S', 'P' || n, %s, 10, CASE WHEN n <= %s THEN 0.5 ELSE 1 END FROM generate_series(1, 20) n "
        "ON CONFLICT DO NOTHING",
        [day_of(sales), figures.out],
    )


def _training(life: Life, number: int) -> Iterator[Event]:
    outcome = life.trains.get(number, "well")
    if outcome == "not at all":
        return
    run = f"training {number + 100}"

    def begin(store: psycopg.Connection) -> None:
        store.execute(
            "INSERT INTO retail.runs (run_id, began, status, period_days) VALUES (%s, %s, 'running', %s)",
            [run, at(number, 3), life.period_days],
        )

    def end(store: psycopg.Connection) -> None:
        # Training begins before the day's sales are there.
        status, last = (
            "pushed" if outcome == "well" else outcome,
            day_of(known(life, number) - life.period_days),
        )
        store.execute(
            "UPDATE retail.runs SET ended = %s, status = %s, last_date = %s WHERE run_id = %s",
            [at(number, 4), status, last, run],
        )
        if outcome == "well":
            store.execute(
                "INSERT INTO retail.model_versions SELECT %s, model, true, 1, %s, 'p', 'h', 'h', 'h', 'f', 1, %s, %s "
                "FROM unnest(ARRAY['demand_forecasting', 'replenishment_optimization']) model",
                [run, at(number, 4), last, last],
            )

    yield at(number, 3), begin
    if outcome != "hangs":
        yield at(number, 4), end


def rings(store: psycopg.Connection, life: Life) -> dict[str, str]:
    """Which alert of the committed rules rings when: by title ``day hour-day hour``, several joined by commas.

    Args:
        store: inside a transaction that is taken back; its search path is that of ``CLOCK``.
        life: of the month.
    """
    rules = read(ALERTS)["groups"][0]["rules"]
    asked = ", ".join(f"({rule['data'][0]['model']['rawSql']})" for rule in rules)
    coming = sorted(events(life), key=operator.itemgetter(0))
    rang: dict[str, list[datetime]] = {rule["title"]: [] for rule in rules}
    was_so = dict.fromkeys(rang, False)
    moment = at(1 - WARM_UP, 0, 30)
    while moment < at(DAYS + 1, 0):
        while coming and coming[0][0] <= moment:
            coming.pop(0)[1](store)
        if moment >= at(1, 0):
            store.execute(f"SET LOCAL clock.at = '{moment.isoformat()}'".encode())
            (values,) = store.execute(f"SELECT {asked}".encode()).fetchall()
            for rule, value in zip(rules, values, strict=True):
                so = _crossed(rule, value)
                # Each step is longer than any rule waits.
                if so and (rule["for"] == "0s" or was_so[rule["title"]]):
                    rang[rule["title"]].append(moment)
                was_so[rule["title"]] = so
        moment += STEP
    return {title: _spans(moments) for title, moments in rang.items() if moments}


def _crossed(rule: dict[str, Any], value: float | None) -> bool:
    evaluator = rule["data"][1]["model"]["conditions"][0]["evaluator"]
    compare = {"gt": operator.gt, "lt": operator.lt}[evaluator["type"]]
    return value is not None and bool(compare(value, evaluator["params"][0]))


def _spans(moments: list[datetime]) -> str:
    spans: list[tuple[datetime, datetime]] = []
    for moment in moments:
        if spans and moment - spans[-1][1] == STEP:
            spans[-1] = (spans[-1][0], moment)
        else:
            spans.append((moment, moment))
    return ", ".join(f"{_said(first)}-{_said(last)}" for first, last in spans)


def _said(moment: datetime) -> str:
    return f"{(moment.date() - FIRST).days + 1} {moment:%H}h"
