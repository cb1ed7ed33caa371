"""What lies on the shelves, what to order today, and how it went.

Over 300 lines: a board is read from top to bottom, as it is on the screen.
"""

from __future__ import annotations

from grafana import choices
from grafana.board import ITEM, ITEM_IN_PLAN, Board, Row
from grafana.boards.worth import MONEY_NOTE, WORTH
from grafana.colours import BLUE, GREY, ORANGE
from grafana.columns import WHOLE, coloured, judged, opens
from grafana.gates import WATCH
from grafana.panels import (
    COUNT,
    DAYS,
    MONEY,
    PERCENT,
    PERIODS,
    UNITS,
    at_least,
    at_most,
    lines,
    none_of,
    rows,
    single_stat,
)
from grafana.sql import Sql

_CHOSEN = "store_id IN (${store:sqlstring}) AND category IN (${category:sqlstring})"
_PLAN = "(SELECT as_of FROM retail.plans WHERE as_of::text = ${plan:sqlstring})"
"""The chosen plan's date: compared as a text, so that no value of the variable is an error."""
_LINES = f"""
    FROM retail.order_lines JOIN retail.series USING (store_id, product_id)
    WHERE as_of = {_PLAN} AND {_CHOSEN}
    """
_A_PERIOD = f"""
    SELECT store_id, product_id, avg(mean) AS units
    FROM retail.forecasts
    WHERE as_of = {_PLAN}
    GROUP BY store_id, product_id
    """
_HELD = "(held IS NOT NULL AND accepted_by IS NULL AND override_quantity IS NULL)"
_USUAL = "^(rounded (up|down): of what can be ordered it costs least|nothing needed)$"
"""What nearly every line says, and so says nothing."""
_RECENT = f"""date > (SELECT max(date) FROM retail.actuals WHERE units_sold IS NOT NULL)
                     - {WATCH["recent_periods"]} * (SELECT max(period_days) FROM retail.plans)"""

_TODAY = Row(
    "Today, as the chosen plan saw it",
    [
        single_stat(
            "Age of the plan",
            "Days or weeks since the chosen plan was made. Red: longer than from one plan to the next one.",
            f"""
            SELECT extract(epoch FROM now() - made_at) / 86400 / period_days AS "age"
            FROM retail.plans
            WHERE as_of = {_PLAN}
            """,
            PERIODS,
            width=6,
            height=3,
            decimals=1,
            thresholds=at_most(WATCH["plan_hours"] / 24),
        ),
        single_stat(
            "Stock value",
            f"Units on hand at their unit cost; products without a known unit cost are left out. {MONEY_NOTE}",
            f"""SELECT sum(on_hand * unit_cost) AS "stock value" {_LINES}""",
            MONEY,
            width=6,
            height=3,
            decimals=0,
        ),
        single_stat(
            "Days of cover",
            "How many days the stock on hand lasts at the demand that is forecast, over all chosen products.",
            f"""
            SELECT sum(on_hand) / nullif(sum(units), 0)
                   * (SELECT period_days FROM retail.plans WHERE as_of = {_PLAN}) AS "cover"
            FROM retail.order_lines
            JOIN retail.series USING (store_id, product_id)
            JOIN ({_A_PERIOD}) demand USING (store_id, product_id)
            WHERE as_of = {_PLAN} AND {_CHOSEN}
            """,
            DAYS,
            width=6,
            height=3,
            decimals=1,
        ),
        single_stat(
            "Out of stock",
            "Share of the chosen products with nothing on hand. Red: above the target.",
            f"""SELECT avg((on_hand <= 0)::integer) AS "out of stock" {_LINES}""",
            PERCENT,
            width=6,
            height=3,
            decimals=1,
            thresholds=at_most(WATCH["stock_outs"]),
        ),
        single_stat(
            "Lines to order",
            "How many lines order something.",
            f"""SELECT count(*) FILTER (WHERE order_quantity > 0) AS "lines" {_LINES}""",
            COUNT,
            width=4,
            height=3,
        ),
        single_stat(
            "Order value",
            f"Units to order at their unit cost. {MONEY_NOTE}",
            f"""SELECT sum(order_quantity * unit_cost) AS "order value" {_LINES}""",
            MONEY,
            width=4,
            height=3,
            decimals=0,
        ),
        single_stat(
            "Waste expected",
            "Of what is ordered, the units that are expected to expire unsold, at their unit cost; nothing "
            f"where products keep for good. {MONEY_NOTE}",
            f"""SELECT sum(expected_waste * unit_cost) AS "waste" {_LINES}""",
            MONEY,
            width=4,
            height=3,
            decimals=0,
        ),
        single_stat(
            "Lines overridden",
            "Lines whose quantity a person set.",
            f"""SELECT count(override_quantity) AS "overridden" {_LINES}""",
            COUNT,
            width=4,
            height=3,
        ),
        single_stat(
            "Lines held back",
            "Lines out of all proportion, of which nothing is ordered until a person accepts them.",
            f"""SELECT count(*) FILTER (WHERE {_HELD}) AS "held" {_LINES}""",
            COUNT,
            width=4,
            height=3,
            thresholds=none_of(),
        ),
        single_stat(
            "Lines without a model",
            "Lines of the classical formula or of no proposal at all, since no model could be asked; the "
            "reason is on the line.",
            f"""SELECT count(*) FILTER (WHERE model_version IS NULL) AS "without a model" {_LINES}""",
            COUNT,
            width=4,
            height=3,
            thresholds=none_of(),
        ),
    ],
)

_ORDERS = Row(
    "What to order",
    [
        rows(
            "Order list",
            "Expected demand + safety stock - on hand - on order + rounding = proposal; an override replaces "
            "it. Stock-out and lost: probability of running out between the order's arrival and the next "
            "one's, and units that are then not served. The note says what is not as usual. Held and "
            "overridden lines first, then by value; a product opens its page.",
            f"""
            SELECT store_id AS "Store", product_id AS "Product", category AS "Category", order_quantity AS "Order",
                   order_quantity * unit_cost AS "Value", arrival::text AS "Arrives", on_hand AS "On hand",
                   on_order AS "On order", expected_demand AS "Demand", safety_stock AS "Safety",
                   round(rounding_adjustment::numeric, 1) AS "Rounding", replenishment_quantity AS "Proposal",
                   stockout_probability AS "Stock-out", expected_lost_sales AS "Lost", method AS "Method",
                   nullif(concat_ws('; ',
                       CASE WHEN {_HELD} THEN 'held: ' || held END,
                       'set by ' || override_by || ': ' || override_reason || coalesce(' until ' || override_until, ''),
                       CASE WHEN reason !~ '{_USUAL}' THEN reason END
                   ), '') AS "Note"
            {_LINES}
              AND (order_quantity > 0 OR override_quantity IS NOT NULL OR model_version IS NULL OR {_HELD})
            ORDER BY {_HELD} DESC, override_quantity IS NULL, order_quantity * unit_cost DESC NULLS LAST,
                     store_id, product_id
            LIMIT 5000
            """,
            height=14,
            unit=UNITS,
            thresholds=at_most(WATCH["stock_outs"]),
            columns={
                "Store": {"custom.width": 60},
                "Product": {**opens("This product in this store", ITEM_IN_PLAN), "custom.width": 76},
                "Category": {"custom.width": 90},
                "Order": {"custom.width": 66},
                "Value": {"unit": MONEY, "decimals": 0, "custom.width": 70},
                "Arrives": {"custom.width": 92},
                "On hand": {"decimals": 0, "custom.width": 74},
                "On order": {"decimals": 0, "custom.width": 76},
                "Demand": {"decimals": 1, "custom.width": 74},
                "Safety": {"decimals": 1, "custom.width": 66},
                "Rounding": {"decimals": 1, "custom.width": 84},
                "Proposal": {"custom.width": 76},
                "Stock-out": {"unit": PERCENT, "decimals": 1, "custom.width": 86},
                "Lost": {"decimals": 1, "custom.width": 60},
                "Method": {
                    **coloured({"forecast_plan": BLUE, "model": BLUE, "base_stock": ORANGE, "none": GREY}),
                    "custom.width": 106,
                },
                "Note": WHOLE,
            },
        ),
        rows(
            "May run out before this order arrives",
            "What is on hand lasts for less than the lead time, and it is gone before anything arrives, or "
            "the risk of running out is above the target for stock-outs. Stock until: the day on which what is "
            "on hand alone is sold, by the forecast. Delivery: of earlier orders on their way, "
            "else of this plan's; by: something is on its way, and nobody says when. Risk: of running out "
            "before this plan's order arrives, which no order placed now prevents: hurry what is on its way, "
            "or move stock.",
            f"""
            WITH lines AS (
                SELECT o.*, (
                    SELECT min(e.arrival) FROM retail.order_lines e
                    WHERE (e.store_id, e.product_id) = (o.store_id, o.product_id)
                      AND e.as_of < o.as_of AND e.arrival > o.as_of AND e.order_quantity > 0 AND o.on_order > 0
                ) AS coming
                FROM retail.order_lines o JOIN retail.series USING (store_id, product_id)
                WHERE as_of = {_PLAN} AND {_CHOSEN} AND on_hand > 0
            ),
            used AS (
                SELECT store_id, product_id, date,
                       sum(mean) OVER (PARTITION BY store_id, product_id ORDER BY date) AS units
                FROM retail.forecasts
                WHERE as_of = {_PLAN}
            )
            SELECT store_id AS "Store", product_id AS "Product", on_hand AS "On hand", min(date)::text AS "Stock until",
                   coalesce(coming::text, CASE WHEN on_order > 0 THEN 'by ' ELSE '' END || arrival) AS "Delivery",
                   on_order AS "On order", order_quantity AS "Order",
                   lead_time_stockout_probability AS "Risk"
            FROM lines JOIN used USING (store_id, product_id)
            WHERE units > on_hand
            GROUP BY store_id, product_id, on_hand, coming, arrival, on_order, order_quantity,
                     lead_time_stockout_probability
            HAVING min(date) < arrival AND (
                lead_time_stockout_probability > {WATCH["stock_outs"]}
                OR min(date) < coming
                OR (coming IS NULL AND on_order = 0)
            )
            ORDER BY lead_time_stockout_probability DESC NULLS LAST, min(date), store_id, product_id
            LIMIT 100
            """,
            empty="nothing runs out before its next delivery",
            width=12,
            height=9,
            unit=UNITS,
            columns={
                "Store": {"custom.width": 60},
                "Product": {**opens("This product in this store", ITEM_IN_PLAN), "custom.width": 76},
                "On hand": {"decimals": 0, "custom.width": 74},
                "Stock until": {"custom.width": 94},
                "Delivery": {"custom.width": 112},
                "On order": {"decimals": 0, "custom.width": 78},
                "Order": {"custom.width": 66},
                "Risk": {"unit": PERCENT, "decimals": 0, "custom.width": 60},
            },
        ),
        rows(
            "Overrides, judged afterwards",
            "Overridden lines whose protection interval is over: what the order would have cost as proposed "
            "and what it cost as overridden, in holding and lost sales; what expired of it is not known to "
            f"the store, and not counted. {MONEY_NOTE}",
            f"""
            SELECT as_of::text AS "Plan", store_id AS "Store", product_id AS "Product", override_by AS "By",
                   replenishment_quantity AS "Proposal", order_quantity AS "Ordered", interval_demand AS "Demand",
                   proposed_cost - ordered_cost AS "Saved", override_reason AS "Why"
            FROM retail.order_scores
            JOIN retail.order_lines USING (as_of, store_id, product_id)
            JOIN retail.series USING (store_id, product_id)
            WHERE {_CHOSEN}
            ORDER BY as_of DESC, store_id, product_id
            LIMIT 500
            """,
            width=12,
            height=9,
            unit=UNITS,
            columns={
                "Plan": {"custom.width": 90},
                "Store": {"custom.width": 56},
                "Product": {**opens("This product in this store", ITEM), "custom.width": 72},
                "By": {"custom.width": 60},
                "Proposal": {"custom.width": 74},
                "Ordered": {"custom.width": 72},
                "Demand": {"decimals": 0, "custom.width": 72},
                "Saved": {"unit": MONEY, "decimals": 0, "custom.width": 62, **judged(at_least(0))},
                "Why": WHOLE,
            },
        ),
    ],
)

_LATELY = Row(
    f"How it went in the last {WATCH['recent_periods']} periods with sales",
    [
        single_stat(
            "Fill rate",
            "Units sold over units asked for, in these periods. Lost sales are estimated from the newest "
            "forecast of the period and the share of it without stock. Red: below the target.",
            f"""
            WITH recent AS (
                SELECT a.store_id, a.product_id, a.date, a.units_sold, a.in_stock
                FROM retail.actuals a JOIN retail.series USING (store_id, product_id)
                WHERE {_CHOSEN} AND units_sold IS NOT NULL AND {_RECENT}
            ),
            lost AS (
                SELECT r.units_sold, (1 - r.in_stock) * (
                    SELECT f.mean FROM retail.forecasts f
                    WHERE (f.store_id, f.product_id, f.date) = (r.store_id, r.product_id, r.date)
                    ORDER BY f.as_of DESC
                    LIMIT 1
                ) AS units
                FROM recent r
            )
            SELECT sum(units_sold) / nullif(sum(units_sold + units), 0) AS "fill rate"
            FROM lost
            WHERE units IS NOT NULL
            """,
            PERCENT,
            width=3,
            height=8,
            decimals=1,
            thresholds=at_least(WATCH["fill_rate"]),
        ),
        single_stat(
            "Stock-outs",
            "Share of products and periods that were out of stock for a time. Red: above the target.",
            f"""
            SELECT avg((in_stock < 1)::integer) AS "stock-outs"
            FROM retail.actuals JOIN retail.series USING (store_id, product_id)
            WHERE {_CHOSEN} AND units_sold IS NOT NULL AND {_RECENT}
            """,
            PERCENT,
            width=3,
            height=8,
            decimals=1,
            thresholds=at_most(WATCH["stock_outs"]),
        ),
        lines(
            "Stock value over time",
            f"Units on hand at their unit cost at the end of each period. {MONEY_NOTE}",
            Sql(
                f"""
                SELECT date::timestamp AS time, sum(on_hand * unit_cost) AS "Stock value"
                FROM retail.actuals JOIN retail.series USING (store_id, product_id)
                WHERE $__timeFilter(date) AND {_CHOSEN} AND units_sold IS NOT NULL
                GROUP BY date
                ORDER BY 1
                """
            ),
            MONEY,
            width=9,
            decimals=0,
            columns={"Stock value": {}},
        ),
        lines(
            "Out of stock for a time, share of products",
            "Share of the chosen products that were out of stock for a time in each period. The line is the target.",
            Sql(
                f"""
                SELECT date::timestamp AS time, avg((in_stock < 1)::integer) AS "Out of stock"
                FROM retail.actuals JOIN retail.series USING (store_id, product_id)
                WHERE $__timeFilter(date) AND {_CHOSEN} AND units_sold IS NOT NULL
                GROUP BY date
                ORDER BY 1
                """
            ),
            PERCENT,
            width=9,
            decimals=1,
            thresholds=at_most(WATCH["stock_outs"]),
            columns={"Out of stock": {}},
        ),
    ],
)

BOARD = Board(
    folder="managers",
    uid="retail-inventory",
    title="Inventory",
    description="Stock, today's orders with their reasons, and what the system is worth in money.",
    variables=[choices.plan(), choices.store(), choices.category()],
    rows=[_TODAY, _ORDERS, _LATELY, WORTH],
)
