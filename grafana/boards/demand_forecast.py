"""What will be sold, and how good earlier forecasts turned out to be.

Over 300 lines: a board is read from top to bottom, as it is on the screen.
"""

from __future__ import annotations

from grafana import choices
from grafana.board import ITEM, Board, Row, marks
from grafana.boards.product import BAND, forecast_of
from grafana.columns import judged, opens
from grafana.gates import GATES, WATCH
from grafana.panels import (
    COUNT,
    PERCENT,
    TEXT,
    UNITS,
    at_least,
    bars,
    lines,
    rows,
    single_stat,
    within,
)
from grafana.sql import Sql

CHOSEN = """store_id IN (${store:sqlstring}) AND product_id IN (${product:sqlstring})
              AND category IN (${category:sqlstring})"""
"""The chosen series, where ``retail.series`` is joined."""

_BEST_SELLER = f"""
    SELECT store_id, product_id, category
    FROM retail.actuals JOIN retail.series USING (store_id, product_id)
    WHERE {CHOSEN}
      AND date > (SELECT max(date) - 28 FROM retail.actuals)
    GROUP BY store_id, product_id, category
    ORDER BY sum(units_sold) DESC NULLS LAST, store_id, product_id
    LIMIT 1
    """

_REALISED = f"""
    FROM retail.realised JOIN retail.series USING (store_id, product_id)
    WHERE {CHOSEN}
    """

_ADDRESS = (
    "/d/retail-demand-forecast?from=${__data.fields.from}&to=${__data.fields.to}"
    "&${store:queryparam}&${category:queryparam}&${product:queryparam}"
)

_STATS = Row(
    "How good the forecasts of the chosen products were, against sales that came later",
    [
        single_stat(
            "Sales known until",
            "The newest date with sales in the store. Click it to move the time range of this page to the "
            "newest data.",
            """
            SELECT max(date)::text AS "until",
                   (extract(epoch FROM max(date) - 90) * 1000)::bigint::text AS "from",
                   (extract(epoch FROM max(date) + 30) * 1000)::bigint::text AS "to"
            FROM retail.actuals
            WHERE units_sold IS NOT NULL
            """,
            TEXT,
            shows="until",
            link=("Show the newest data", _ADDRESS),
        ),
        single_stat(
            "Realised error",
            "WAPE: sum of the absolute errors of all plans' middle forecasts over the sum of the units sold, "
            "on fully stocked periods. Lower is better.",
            f"""SELECT sum(absolute_error) / nullif(sum(units), 0) AS "WAPE" {_REALISED}""",
            PERCENT,
            decimals=1,
        ),
        single_stat(
            "Skill against naive",
            "Realised: how much smaller that error is than that of repeating the sales of one season ago. "
            "Red: below what the gate asks of new models.",
            f"""SELECT 1 - sum(compared_error) / nullif(sum(naive_error), 0) AS "skill" {_REALISED}""",
            PERCENT,
            decimals=1,
            thresholds=at_least(GATES["demand_skill"]),
        ),
        single_stat(
            "Realised bias",
            "Forecast less sales, over sales: positive where too much was forecast. Red: outside of the band.",
            f"""SELECT (sum(forecast) - sum(units)) / nullif(sum(units), 0) AS "bias" {_REALISED}""",
            PERCENT,
            decimals=1,
            thresholds=within(WATCH["bias_band"]),
        ),
        single_stat(
            "Within the band",
            "Share of the fully stocked periods whose sales lay within the band that was forecast.",
            f"""SELECT 1 - sum(below + above)::float8 / nullif(sum(observed), 0) AS "within" {_REALISED}""",
            PERCENT,
            decimals=1,
        ),
        single_stat(
            "Band against promise",
            "Share of sales within the band, less what it promises. The lowest and the highest forecast "
            "quantile promise to enclose a share of the sales. Negative: fewer lay within than promised; "
            "red: by more than the gate allows. For products that sell few units more lie within than "
            "promised, since units are whole.",
            f"""
            WITH promised AS (
                SELECT as_of, levels[cardinality(levels)] - levels[1] AS share FROM retail.plans
            )
            SELECT 1 - sum(below + above)::float8 / nullif(sum(observed), 0)
                   - sum(observed * share) / nullif(sum(observed), 0) AS "less promised"
            FROM retail.realised JOIN promised USING (as_of) JOIN retail.series USING (store_id, product_id)
            WHERE {CHOSEN}
            """,
            PERCENT,
            decimals=1,
            thresholds=at_least(-GATES["calibration_band"]),
        ),
    ],
)

_CHARTS = Row(
    "Sales and forecast",
    [
        single_stat(
            "The best seller of what is chosen",
            "The product that sold most in the last four weeks, which is drawn in detail; choose one store and one "
            "product to see another.",
            f"""SELECT store_id || ' · ' || product_id || ' · ' || category AS "series" FROM ({_BEST_SELLER}) best""",
            TEXT,
            width=24,
            height=3,
        ),
        lines(
            "One product in one store: sales, and the forecast with its band",
            "Units a period. For each date the newest forecast that was made before it; the band runs from "
            "the lowest to the highest forecast quantile. Sales of periods with a stock-out are no measure "
            "of demand and are marked, as are periods to come that are planned on promotion. Holidays, "
            "events and promotions are marked on the time axis too.",
            Sql(forecast_of(_BEST_SELLER)),
            UNITS,
            width=24,
            height=11,
            decimals=1,
            columns=BAND,
        ),
        lines(
            "All chosen products together: sales and forecast",
            "Units a period, summed. Bands of single products cannot be added up, so there is none.",
            Sql(
                f"""
                WITH sold AS (
                    SELECT date, sum(units_sold) AS units
                    FROM retail.actuals JOIN retail.series USING (store_id, product_id)
                    WHERE $__timeFilter(date) AND {CHOSEN}
                    GROUP BY date
                ),
                newest AS (
                    SELECT as_of + step * period_days AS date, max(as_of) AS as_of
                    FROM retail.plans CROSS JOIN LATERAL generate_series(1, horizon) AS step
                    GROUP BY 1
                ),
                predicted AS (
                    SELECT date, sum(mean) AS units
                    FROM retail.forecasts
                    JOIN newest USING (date, as_of)
                    JOIN retail.series USING (store_id, product_id)
                    WHERE $__timeFilter(date) AND {CHOSEN}
                    GROUP BY date
                )
                SELECT date::timestamp AS time, sold.units AS "Sold", predicted.units AS "Forecast"
                FROM sold FULL JOIN predicted USING (date)
                ORDER BY 1
                """
            ),
            UNITS,
            width=24,
            decimals=0,
            columns={"Sold": {}, "Forecast": {}},
        ),
    ],
)

_PLANNED = f"""
    FROM retail.forecasts JOIN retail.series USING (store_id, product_id)
    WHERE {CHOSEN} AND as_of = (SELECT max(as_of) FROM retail.plans) AND promotion_units IS NOT NULL
    """

_PROMOTED = Row(
    "Promotions and discounts that are planned",
    [
        single_stat(
            "Promotions add, units",
            "Of the newest plan's forecasts of the chosen products: what is forecast on promotion or at a discount, "
            "less what the same model forecasts of these periods without, at the price before the discount.",
            f"""SELECT sum(promotion_units) AS "added" {_PLANNED}""",
            UNITS,
            width=4,
            height=8,
            decimals=0,
        ),
        single_stat(
            "Promotions add, share",
            "The units that planned promotions and discounts add, over the forecast without them, in these periods.",
            f"""SELECT sum(promotion_units) / nullif(sum(mean - promotion_units), 0) AS "added" {_PLANNED}""",
            PERCENT,
            width=4,
            height=8,
            decimals=0,
        ),
        rows(
            "What planned promotions add, product by product",
            "The newest plan's, the largest first. Periods: those that are planned on promotion or at a discount.",
            f"""
            SELECT store_id AS "Store", product_id AS "Product", category AS "Category", min(date)::text AS "From",
                   max(date)::text AS "Until", count(*) AS "Periods", sum(mean) AS "Forecast there",
                   sum(promotion_units) AS "Added",
                   sum(promotion_units) / nullif(sum(mean - promotion_units), 0) AS "Added, share"
            {_PLANNED}
            GROUP BY store_id, product_id, category
            ORDER BY sum(promotion_units) DESC
            LIMIT 100
            """,
            width=16,
            height=8,
            unit=UNITS,
            columns={
                "Store": {"custom.width": 70},
                "Product": {**opens("This product in this store", ITEM), "custom.width": 90},
                "Periods": {"decimals": 0, "custom.width": 80},
                "Forecast there": {"decimals": 1, "custom.width": 120},
                "Added": {"decimals": 1, "custom.width": 80},
                "Added, share": {"unit": PERCENT, "decimals": 0, "custom.width": 110},
            },
        ),
    ],
)

_ACCURACY = Row(
    "Where forecasts were right and wrong",
    [
        lines(
            "Realised error by plan",
            "A point a plan, at the last date that it knew: its error (WAPE) on the sales that came, beside seasonal "
            "naive on the same periods.",
            Sql(
                f"""
                SELECT as_of::timestamp AS time,
                       sum(compared_error) / nullif(sum(compared_units), 0) AS "model",
                       sum(naive_error) / nullif(sum(compared_units), 0) AS "seasonal naive"
                {_REALISED} AND $__timeFilter(as_of)
                GROUP BY as_of
                ORDER BY 1
                """
            ),
            PERCENT,
            decimals=1,
            points=True,
            names=("model", "seasonal naive"),
        ),
        bars(
            "Realised error by category",
            "WAPE of all plans on the sales that came, the highest first.",
            f"""
            SELECT category AS "Category", sum(absolute_error) / nullif(sum(units), 0) AS "WAPE"
            {_REALISED}
            GROUP BY category
            HAVING sum(units) > 0
            ORDER BY 2 DESC
            LIMIT 20
            """,
            PERCENT,
            decimals=0,
            across=True,
        ),
        rows(
            "Products with the largest errors",
            "By units of error, so those that matter most come first.",
            f"""
            SELECT store_id AS "Store", product_id AS "Product", category AS "Category",
                   sum(absolute_error) AS "Units of error", sum(units) AS "Units sold",
                   sum(absolute_error) / nullif(sum(units), 0) AS "WAPE",
                   (sum(forecast) - sum(units)) / nullif(sum(units), 0) AS "Bias"
            {_REALISED}
            GROUP BY store_id, product_id, category
            ORDER BY 4 DESC
            LIMIT 100
            """,
            width=12,
            height=9,
            unit=UNITS,
            columns={
                "Store": {"custom.width": 64},
                "Product": {**opens("This product in this store", ITEM), "custom.width": 90},
                "Category": {"custom.width": 110},
                "Units of error": {"decimals": 0, "custom.width": 116},
                "Units sold": {"custom.width": 96},
                "WAPE": {"unit": PERCENT, "decimals": 0, "custom.width": 74},
                "Bias": {
                    "unit": PERCENT,
                    "decimals": 0,
                    "custom.width": 70,
                    **judged(within(WATCH["bias_band"])),
                },
            },
        ),
        rows(
            "Unusual demand",
            "Stores and products whose sales left the forecast's band in more periods than chance explains, "
            "in the last 28: worth a look before the next order.",
            """
            SELECT level AS "What", store_id AS "Store", product_id AS "Product", side AS "Sales were",
                   outside AS "Outside", expected AS "Expected", periods AS "Of periods", since::text AS "Since"
            FROM retail.demand_anomalies
            WHERE store_id IN (${store:sqlstring})
            ORDER BY p_value
            LIMIT 100
            """,
            empty="nothing unusual so far",
            width=12,
            height=9,
            unit=COUNT,
            columns={
                "What": {"custom.width": 70},
                "Store": {"custom.width": 64},
                "Product": {**opens("This product in this store", ITEM), "custom.width": 80},
                "Sales were": {"custom.width": 92},
                "Outside": {"custom.width": 76},
                "Expected": {"decimals": 1, "custom.width": 84},
                "Of periods": {"custom.width": 92},
            },
        ),
        rows(
            "Demand watch",
            "What the demand watch found in the newest sales, by the day it was first seen: of one product in a store, "
            "or of a whole product, store or category. Only where demand_watch is switched on.",
            """
            SELECT as_of::text AS "Seen on", replace(kind, '_', ' ') AS "Finding", store_id AS "Store",
                   product_id AS "Product", category AS "Category", since::text AS "Since", seen AS "Sold",
                   expected AS "Expected", reason AS "Most likely", advice AS "What to do"
            FROM retail.watch_findings
            WHERE (store_id = '' OR store_id IN (${store:sqlstring}))
            ORDER BY as_of DESC, (level = 'series')::integer, p_value
            LIMIT 200
            """,
            empty="nothing found, or the demand watch is off",
            width=24,
            height=10,
            unit=UNITS,
            columns={
                "Seen on": {"custom.width": 92},
                "Finding": {"custom.width": 120},
                "Store": {"custom.width": 64},
                "Product": {**opens("This product in this store", ITEM), "custom.width": 80},
                "Category": {"custom.width": 96},
                "Since": {"custom.width": 92},
                "Sold": {"decimals": 0, "custom.width": 66},
                "Expected": {"decimals": 1, "custom.width": 80},
            },
        ),
    ],
)

_EVENTS = """
    SELECT date::timestamp AS time, replace(name, '_', ' ') AS text, string_agg(store_id, ',') AS tags
    FROM retail.events
    WHERE $__timeFilter(date) AND store_id IN (${store:sqlstring})
    GROUP BY date, name
    """
_PROMOTIONS = f"""
    SELECT date::timestamp AS time, 'promotion' AS text, product_id AS tags
    FROM retail.actuals JOIN ({_BEST_SELLER}) best USING (store_id, product_id)
    WHERE $__timeFilter(date) AND on_promotion
    UNION
    SELECT date::timestamp, 'planned promotion', product_id
    FROM retail.forecasts JOIN ({_BEST_SELLER}) best USING (store_id, product_id)
    WHERE $__timeFilter(date) AND on_promotion AND as_of = (SELECT max(as_of) FROM retail.plans)
    """

BOARD = Board(
    folder="managers",
    uid="retail-demand-forecast",
    title="Demand forecast",
    description="What will be sold, and how right earlier forecasts were.",
    variables=[choices.store(), choices.category(), choices.product()],
    annotations=[
        marks("Holidays and events", "purple", _EVENTS),
        marks("Promotions", "orange", _PROMOTIONS),
    ],
    since="now-90d",
    until="now+30d",
    rows=[_STATS, _CHARTS, _PROMOTED, _ACCURACY],
)
