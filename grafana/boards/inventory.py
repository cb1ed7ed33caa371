"""What lies on the shelves, what to order today, and what the system is worth in money.

Over 300 lines: a board is read from top to bottom, as it is on the screen.
"""

from __future__ import annotations

from grafana import choices
from grafana.board import Board, Row
from grafana.panels import (
    BLUE,
    COUNT,
    DAYS,
    GREY,
    MONEY,
    ORANGE,
    PERCENT,
    TEXT,
    UNITS,
    bars,
    coloured,
    lines,
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
_MONEY_NOTE = "Money is in the currency of the files."

_TODAY = Row(
    "Today, as the chosen plan saw it",
    [
        single_stat(
            "Plan made on",
            "The last date that the chosen plan knew; its orders are for the day after.",
            'SELECT as_of::text AS "as of" FROM retail.plans WHERE as_of::text = ${plan:sqlstring}',
            TEXT,
            width=3,
        ),
        single_stat(
            "Stock value",
            f"Units on hand at their unit cost; products without a known unit cost are left out. {_MONEY_NOTE}",
            f"""SELECT sum(on_hand * unit_cost) AS "stock value" {_LINES}""",
            MONEY,
            width=3,
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
            width=3,
            decimals=1,
        ),
        single_stat(
            "Out of stock",
            "Share of the chosen products with nothing on hand.",
            f"""SELECT avg((on_hand <= 0)::integer) AS "out of stock" {_LINES}""",
            PERCENT,
            width=3,
            decimals=1,
        ),
        single_stat(
            "Lines to order",
            "How many products are to be ordered.",
            f"""SELECT count(*) FILTER (WHERE order_quantity > 0) AS "lines" {_LINES}""",
            COUNT,
            width=3,
        ),
        single_stat(
            "Order value",
            f"Units to order at their unit cost. {_MONEY_NOTE}",
            f"""SELECT sum(order_quantity * unit_cost) AS "order value" {_LINES}""",
            MONEY,
            width=3,
            decimals=0,
        ),
        single_stat(
            "Overridden lines",
            "Lines whose quantity a person set.",
            f"""SELECT count(override_quantity) AS "overridden" {_LINES}""",
            COUNT,
            width=3,
        ),
        single_stat(
            "Lines without a model",
            "Lines of the classical formula or of no proposal at all; the reason is on the line.",
            f"""SELECT count(*) FILTER (WHERE model_version IS NULL) AS "without a model" {_LINES}""",
            COUNT,
            width=3,
        ),
    ],
)

_ORDERS = Row(
    "What to order",
    [
        rows(
            "Order list",
            "Expected demand + safety stock - on hand - on order + rounding = proposal. An override replaces the "
            "proposal. Stockout probability and expected lost sales are of the time from the order's arrival to the "
            "next one's. The largest orders by value come first; filter any column by its heading.",
            f"""
            SELECT store_id AS "Store", product_id AS "Product", category AS "Category",
                   order_quantity AS "Order", arrival::text AS "Arrives", reason AS "Reason",
                   stockout_probability AS "Stockout probability", expected_lost_sales AS "Expected lost sales",
                   expected_demand AS "Expected demand", safety_stock AS "Safety stock", on_hand AS "On hand",
                   on_order AS "On order", rounding_adjustment AS "Rounding", replenishment_quantity AS "Proposal",
                   override_quantity AS "Override", override_reason AS "Why", override_by AS "By",
                   override_until::text AS "Until", method AS "Method", order_quantity * unit_cost AS "Value"
            {_LINES} AND (order_quantity > 0 OR override_quantity IS NOT NULL OR model_version IS NULL)
            ORDER BY order_quantity * unit_cost DESC NULLS LAST, store_id, product_id
            LIMIT 5000
            """,
            height=14,
            unit=UNITS,
            columns={
                "Method": coloured(
                    {"forecast_plan": BLUE, "model": BLUE, "base_stock": ORANGE, "none": GREY}
                ),
                "Reason": {"custom.width": 220},
                "Stockout probability": {"unit": PERCENT, "decimals": 1},
                "Expected lost sales": {"decimals": 1},
                "Expected demand": {"decimals": 1},
                "Safety stock": {"decimals": 1},
                "Rounding": {"decimals": 1},
                "Value": {"unit": MONEY, "decimals": 0},
            },
        ),
        rows(
            "Runs out first",
            "Products by how many days their stock on hand lasts at the demand that is forecast; an order that is on "
            "its way is shown beside.",
            f"""
            SELECT store_id AS "Store", product_id AS "Product", on_hand AS "On hand", on_order AS "On order",
                   on_hand / nullif(units, 0) * period_days AS "Days of cover", lead_time AS "Lead time",
                   order_quantity AS "Order"
            FROM retail.order_lines
            JOIN retail.series USING (store_id, product_id)
            JOIN retail.plans USING (as_of)
            JOIN ({_A_PERIOD}) demand USING (store_id, product_id)
            WHERE as_of = {_PLAN} AND {_CHOSEN}
            ORDER BY on_hand / nullif(units, 0) NULLS LAST, store_id, product_id
            LIMIT 100
            """,
            width=12,
            height=9,
            unit=UNITS,
            columns={"Days of cover": {"unit": DAYS, "decimals": 1}},
        ),
        rows(
            "Overrides, judged afterwards",
            "Overridden lines whose protection interval is over: what the order would have cost as proposed and what "
            f"it cost as overridden, in holding and lost sales. {_MONEY_NOTE}",
            f"""
            SELECT as_of::text AS "Plan", store_id AS "Store", product_id AS "Product", override_by AS "By",
                   override_reason AS "Why", replenishment_quantity AS "Proposal", order_quantity AS "Ordered",
                   interval_demand AS "Demand", proposed_cost AS "Cost as proposed", ordered_cost AS "Cost as ordered",
                   proposed_cost - ordered_cost AS "Saved"
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
                name: {"unit": MONEY, "decimals": 0}
                for name in ("Cost as proposed", "Cost as ordered", "Saved")
            },
        ),
    ],
)

_LATELY = Row(
    "How it went",
    [
        single_stat(
            "Fill rate",
            "Units sold over units asked for, in all planned periods that are known by now. Lost sales are estimated "
            "from the forecast and the share of the period without stock.",
            f"""
            SELECT sum(units_sold) / nullif(sum(units_sold + units_lost), 0) AS "fill rate"
            FROM retail.realised JOIN retail.series USING (store_id, product_id)
            WHERE {_CHOSEN}
            """,
            PERCENT,
            height=8,
            decimals=1,
        ),
        single_stat(
            "Stock-outs, last 28 periods",
            "Share of products and periods that were out of stock for a time, in the newest 28 periods with sales.",
            f"""
            SELECT avg((in_stock < 1)::integer) AS "stock-outs"
            FROM retail.actuals JOIN retail.series USING (store_id, product_id)
            WHERE {_CHOSEN} AND units_sold IS NOT NULL
              AND date > (SELECT max(date) FROM retail.actuals)
                         - 28 * (SELECT max(period_days) FROM retail.plans)
            """,
            PERCENT,
            height=8,
            decimals=1,
        ),
        lines(
            "Stock value and out-of-stock share over time",
            "Units on hand at their unit cost at the end of each period; on the right the share of products that were "
            f"out of stock for a time. {_MONEY_NOTE}",
            Sql(
                f"""
                SELECT date::timestamp AS time, sum(on_hand * unit_cost) AS "Stock value",
                       avg((in_stock < 1)::integer) AS "Out of stock"
                FROM retail.actuals JOIN retail.series USING (store_id, product_id)
                WHERE $__timeFilter(date) AND {_CHOSEN} AND units_sold IS NOT NULL
                GROUP BY date
                ORDER BY 1
                """
            ),
            MONEY,
            width=16,
            decimals=0,
            columns={
                "Out of stock": {
                    "unit": PERCENT,
                    "decimals": 1,
                    "custom.axisPlacement": "right",
                    "color": {"mode": "fixed", "fixedColor": ORANGE},
                }
            },
        ),
    ],
)

_BOTH = """
    FROM retail.policy_costs m
    JOIN retail.policy_costs b USING (run_id, slice)
    JOIN retail.runs r USING (run_id)
    WHERE slice = 'all' AND m.plans AND b.policy = 'base_stock' AND r.status = 'pushed'
    ORDER BY r.began DESC
    LIMIT 1
    """
"""Costs of the policy that plans (m) and of base stock (b) in the newest run that pushed."""

_WORTH = Row(
    "What it is worth",
    [
        single_stat(
            "Saved against the classical formula",
            "The newest pushed pair, played through the test weeks with real lead times and orders: cost of base "
            f"stock less cost of the policy by which the pair plans, over those weeks. {_MONEY_NOTE}",
            f"""SELECT b.total_cost - m.total_cost AS "saved" {_BOTH}""",
            MONEY,
            height=8,
            decimals=0,
        ),
        single_stat(
            "The same, of its cost",
            "What was saved as a share of what base stock costs.",
            f"""SELECT 1 - m.total_cost / nullif(b.total_cost, 0) AS "saved" {_BOTH}""",
            PERCENT,
            height=8,
            decimals=1,
        ),
        bars(
            "Cost of each way to order",
            "The test weeks of the newest pushed models played through with each policy. The clairvoyant knows all "
            f"demand beforehand: no policy can be cheaper. {_MONEY_NOTE}",
            """
            SELECT replace(policy, '_', ' ') || CASE WHEN plans THEN ' (plans)' ELSE '' END AS "Policy",
                   holding_cost AS "Holding", shortage_cost AS "Shortage",
                   CASE WHEN holding_cost IS NULL THEN total_cost END AS "Least possible"
            FROM retail.policy_costs
            WHERE slice = 'all'
              AND run_id = (
                  SELECT run_id FROM retail.runs JOIN retail.policy_costs USING (run_id)
                  WHERE status = 'pushed' ORDER BY began DESC LIMIT 1
              )
            ORDER BY total_cost
            """,
            MONEY,
            width=16,
            decimals=0,
            across=True,
            stacked=True,
        ),
    ],
)

BOARD = Board(
    folder="managers",
    uid="retail-inventory",
    title="Inventory",
    description="Stock, today's orders with their reasons, and what the system is worth in money.",
    variables=[choices.plan(), choices.store(), choices.category()],
    rows=[_TODAY, _ORDERS, _LATELY, _WORTH],
)
