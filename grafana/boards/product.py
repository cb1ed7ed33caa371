"""One product in one store: what is ordered of it and why, what is forecast, and how right that was.

Over 300 lines: a board is read from top to bottom, as it is on the screen.
"""

from __future__ import annotations

from grafana import choices
from grafana.board import Board, Row
from grafana.boards.worth import MONEY_NOTE
from grafana.columns import WHOLE
from grafana.gates import GATES, WATCH
from grafana.panels import (
    DAYS,
    MONEY,
    PERCENT,
    TEXT,
    UNITS,
    at_least,
    at_most,
    lines,
    rows,
    single_stat,
    within,
)
from grafana.sql import Sql

_ITEM = "store_id IN (${store:sqlstring}) AND product_id IN (${product:sqlstring})"
_PLAN = "(SELECT as_of FROM retail.plans WHERE as_of::text = ${plan:sqlstring})"
_LINE = f"FROM retail.order_lines JOIN retail.series USING (store_id, product_id) WHERE as_of = {_PLAN} AND {_ITEM}"
_REALISED = f"FROM retail.realised WHERE {_ITEM}"

BAND = {
    "Sold": {},
    "Forecast": {},
    "Low": {"custom.lineWidth": 0, "custom.hideFrom": {"legend": True, "tooltip": False, "viz": False}},
    "Forecast band": {"custom.lineWidth": 0, "custom.fillBelowTo": "Low", "custom.fillOpacity": 25},
    "Out of stock for a time": {"custom.drawStyle": "points", "custom.pointSize": 8},
    "On promotion, planned": {"custom.drawStyle": "points", "custom.pointSize": 8},
}
"""Settings of the series of ``forecast_of``: the band has one entry in the legend, that of its upper end."""


def forecast_of(item: str) -> str:
    """Sales and the newest forecast of each date, of one product in one store.

    Args:
        item: a query with the columns store_id and product_id and one row.
    """
    return f"""
    WITH item AS ({item}),
    predicted AS (
        SELECT DISTINCT ON (f.date) f.date, f.mean, f.on_promotion, f.quantiles[1] AS low,
               f.quantiles[cardinality(f.quantiles)] AS high
        FROM retail.forecasts f JOIN item USING (store_id, product_id)
        WHERE $__timeFilter(f.date)
        ORDER BY f.date, f.as_of DESC
    ),
    sold AS (
        SELECT a.date, a.units_sold, a.in_stock
        FROM retail.actuals a JOIN item USING (store_id, product_id)
        WHERE $__timeFilter(a.date)
    )
    SELECT date::timestamp AS time, units_sold AS "Sold", mean AS "Forecast", low AS "Low", high AS "Forecast band",
           CASE WHEN in_stock < 1 THEN units_sold END AS "Out of stock for a time",
           CASE WHEN on_promotion AND units_sold IS NULL THEN mean END AS "On promotion, planned"
    FROM sold FULL JOIN predicted USING (date)
    ORDER BY 1
    """


_ORDER = Row(
    "What the chosen plan orders",
    [
        single_stat(
            "Order",
            "Units that the chosen plan orders.",
            f'SELECT order_quantity AS "order" {_LINE}',
            UNITS,
            width=3,
        ),
        single_stat(
            "Order value",
            f"The order at its unit cost. {MONEY_NOTE}",
            f'SELECT order_quantity * unit_cost AS "value" {_LINE}',
            MONEY,
            width=3,
            decimals=0,
        ),
        single_stat(
            "Arrives",
            "The day at whose start the order is on the shelf.",
            f'SELECT arrival::text AS "arrives" {_LINE}',
            TEXT,
            width=3,
        ),
        single_stat(
            "On hand",
            "Units in stock when the plan was made.",
            f'SELECT on_hand AS "on hand" {_LINE}',
            UNITS,
            width=3,
            decimals=0,
        ),
        single_stat(
            "On order",
            "Units on their way when the plan was made.",
            f'SELECT on_order AS "on order" {_LINE}',
            UNITS,
            width=3,
            decimals=0,
        ),
        single_stat(
            "Cover",
            "How many days the stock on hand lasts at the demand that is forecast.",
            f"""
            SELECT on_hand / nullif(units, 0) * period_days AS "cover"
            FROM (SELECT on_hand, as_of FROM retail.order_lines WHERE as_of = {_PLAN} AND {_ITEM}) line
            JOIN retail.plans USING (as_of)
            CROSS JOIN (SELECT avg(mean) AS units FROM retail.forecasts WHERE as_of = {_PLAN} AND {_ITEM}) demand
            """,
            DAYS,
            width=3,
            decimals=1,
        ),
        single_stat(
            "Risk until then",
            "Probability of running out before the order arrives; no order placed now prevents that. Red: "
            "above the target for stock-outs.",
            f'SELECT lead_time_stockout_probability AS "risk" {_LINE}',
            PERCENT,
            width=3,
            decimals=1,
            thresholds=at_most(WATCH["stock_outs"]),
        ),
        single_stat(
            "Risk after arrival",
            "Probability of running out between the arrival of this order and that of the next one.",
            f'SELECT stockout_probability AS "risk" {_LINE}',
            PERCENT,
            width=3,
            decimals=1,
            thresholds=at_most(WATCH["stock_outs"]),
        ),
        rows(
            "How the order adds up, and what it is expected to come to",
            "Expected demand + safety stock - on hand - on order + rounding = proposal; an override replaces "
            "it. The costs are of the time between the arrival of this order and that of the next one. "
            f"{MONEY_NOTE}",
            f"""
            SELECT expected_demand AS "Demand", safety_stock AS "Safety", on_hand AS "On hand", on_order AS "On order",
                   rounding_adjustment AS "Rounding", replenishment_quantity AS "Proposal",
                   override_quantity AS "Override", order_quantity AS "Order", expected_lost_sales AS "Lost",
                   expected_leftover AS "Left over", expected_waste AS "Waste", expected_cost AS "Cost",
                   cost_one_pack_less AS "A pack less", cost_one_pack_more AS "A pack more", method AS "Method",
                   concat_ws('; ', 'held: ' || held, 'set by ' || override_by || ': ' || override_reason, reason)
                       AS "Why"
            {_LINE}
            """,
            height=5,
            unit=UNITS,
            columns={
                **{
                    name: {"decimals": 1, "custom.width": 76}
                    for name in (
                        "Demand",
                        "Safety",
                        "On hand",
                        "On order",
                        "Rounding",
                        "Proposal",
                        "Override",
                        "Order",
                        "Lost",
                        "Left over",
                    )
                },
                "Waste": {"decimals": 1, "custom.width": 66},
                **{
                    name: {"unit": MONEY, "decimals": 2, "custom.width": 104}
                    for name in ("A pack less", "A pack more")
                },
                "Cost": {"unit": MONEY, "decimals": 2, "custom.width": 66},
                "Method": {"custom.width": 104},
                "Why": WHOLE,
            },
        ),
    ],
)

_OVER_TIME = Row(
    "Sales, forecast and stock",
    [
        lines(
            "Sales, and the forecast with its band",
            "Units a period. For each date the newest forecast that was made before it; the band runs from "
            "the lowest to the highest forecast quantile. Sales of periods with a stock-out are no measure "
            "of demand and are marked.",
            Sql(forecast_of(f"SELECT store_id, product_id FROM retail.series WHERE {_ITEM}")),
            UNITS,
            width=24,
            height=10,
            decimals=1,
            columns=BAND,
        ),
        lines(
            "Stock, and orders on the day they arrive",
            "Units on hand at the end of each period, and what plans ordered, on the day at whose start it arrives.",
            Sql(
                f"""
                WITH ordered AS (
                    SELECT arrival AS date, sum(order_quantity) AS units
                    FROM retail.order_lines
                    WHERE $__timeFilter(arrival) AND {_ITEM} AND order_quantity > 0
                    GROUP BY arrival
                ),
                stock AS (
                    SELECT date, on_hand FROM retail.actuals WHERE $__timeFilter(date) AND {_ITEM}
                )
                SELECT date::timestamp AS time, on_hand AS "On hand", units AS "Ordered, arrives"
                FROM stock FULL JOIN ordered USING (date)
                ORDER BY 1
                """
            ),
            UNITS,
            width=24,
            decimals=0,
            columns={
                "On hand": {},
                "Ordered, arrives": {
                    "custom.drawStyle": "bars",
                    "custom.fillOpacity": 60,
                    "custom.lineWidth": 0,
                },
            },
        ),
    ],
)

_AFTERWARDS = Row(
    "How right earlier plans were",
    [
        single_stat(
            "Realised error (WAPE)",
            "Sum of the absolute errors of all plans' middle forecasts over the sum of the units sold, on "
            "fully stocked periods. Items that sell little have a high one by nature.",
            f'SELECT sum(absolute_error) / nullif(sum(units), 0) AS "WAPE" {_REALISED}',
            PERCENT,
            width=6,
            decimals=1,
        ),
        single_stat(
            "Realised skill",
            "How much smaller that error is than that of repeating the sales of one season ago.",
            f'SELECT 1 - sum(compared_error) / nullif(sum(naive_error), 0) AS "skill" {_REALISED}',
            PERCENT,
            width=6,
            decimals=1,
            thresholds=at_least(GATES["demand_skill"]),
        ),
        single_stat(
            "Realised bias",
            "Forecast less sales, over sales: positive where too much was forecast. Red: outside of the band.",
            f'SELECT (sum(forecast) - sum(units)) / nullif(sum(units), 0) AS "bias" {_REALISED}',
            PERCENT,
            width=6,
            decimals=1,
            thresholds=within(WATCH["bias_band"]),
        ),
        single_stat(
            "Sales within the band",
            "Share of the fully stocked periods whose sales lay within the band that was forecast.",
            f'SELECT 1 - sum(below + above)::float8 / nullif(sum(observed), 0) AS "within" {_REALISED}',
            PERCENT,
            width=6,
            decimals=1,
        ),
        rows(
            "Earlier orders",
            "What each plan of the chosen time ordered, the newest first.",
            f"""
            SELECT as_of::text AS "Plan", order_quantity AS "Order", arrival::text AS "Arrives",
                   expected_demand AS "Demand", safety_stock AS "Safety", on_hand AS "On hand", on_order AS "On order",
                   override_quantity AS "Override", method AS "Method", reason AS "Reason"
            FROM retail.order_lines
            WHERE $__timeFilter(as_of) AND {_ITEM}
            ORDER BY as_of DESC
            """,
            unit=UNITS,
            columns={
                "Plan": {"custom.width": 100},
                "Arrives": {"custom.width": 100},
                **{
                    name: {"decimals": 1, "custom.width": 90}
                    for name in ("Demand", "Safety", "On hand", "On order", "Override", "Order")
                },
                "Method": {"custom.width": 120},
                "Reason": WHOLE,
            },
        ),
    ],
)

BOARD = Board(
    folder="managers",
    uid="retail-product",
    title="Product in a store",
    description="One product in one store: its order, forecast, stock and earlier plans. Tables elsewhere open it.",
    variables=[choices.one_store(), choices.one_product(), choices.plan()],
    since="now-90d",
    until="now+30d",
    rows=[_ORDER, _OVER_TIME, _AFTERWARDS],
)
