"""How good the models are, which were let through, and what serves now.

Over 300 lines: a board is read from top to bottom, as it is on the screen.
"""

from __future__ import annotations

from grafana import choices
from grafana.board import Board, Row
from grafana.colours import BLUE, GREEN, ORANGE, RED
from grafana.columns import STATES, VERDICTS, WHOLE, coloured, judged
from grafana.gates import GATES, WATCH
from grafana.panels import (
    COUNT,
    DAYS,
    PERCENT,
    RATIO,
    TEXT,
    TIME,
    at_least,
    at_most,
    bars,
    lines,
    rows,
    single_stat,
)
from grafana.serving import SERVING
from grafana.sql import Sql

ENDED = {
    "pushed": ("Pushed", GREEN),
    "refused_data": ("Data refused", ORANGE),
    "refused_model": ("Models refused", ORANGE),
    "failed": ("Failed", RED),
    "running": ("Running", BLUE),
}
"""How a run ended, in words."""


def _metric(model: str, metric: str) -> str:
    return f"""
        SELECT value AS "{metric}"
        FROM retail.metrics
        WHERE run_id = ${{run:sqlstring}} AND model = '{model}' AND source = 'candidate' AND slice = 'all'
          AND metric = '{metric}'
        """


def _over_time(model: str, metric: str) -> Sql:
    text = f"""
        SELECT r.began AS time,
               CASE m.source WHEN 'candidate' THEN 'model' ELSE replace(m.source, '_', ' ') END AS metric,
               m.value
        FROM retail.metrics m JOIN retail.runs r USING (run_id)
        WHERE $__timeFilter(r.began) AND m.model = '{model}' AND m.metric = '{metric}' AND m.slice = 'all'
          AND m.source <> 'incumbent'
        ORDER BY 1, 2
        """
    return Sql(text, "time_series")


_NOW = Row(
    "What serves now",
    [
        rows(
            "Models in use",
            "The pair of models that forecasts and plans now: the newest that passed every check, but for one that is "
            "only tried beside it. The age counts from the day on which it was pushed.",
            f"""
            SELECT replace(model, '_', ' ') AS "Model", version::text AS "Version", pushed_at AS "Pushed",
                   extract(epoch FROM now() - pushed_at) / 86400 AS "Age", last_date::text AS "Sales until"
            FROM ({SERVING}) serving
            ORDER BY 1
            """,
            width=14,
            height=5,
            columns={
                "Model": {"custom.width": 200},
                "Version": {"custom.width": 130},
                "Pushed": {"unit": TIME, "custom.width": 170},
                "Age": {
                    "unit": DAYS,
                    "decimals": 1,
                    "custom.width": 90,
                    **judged(at_most(WATCH["pair_days"])),
                },
                "Sales until": {"custom.width": 120},
            },
        ),
        single_stat(
            "Last run",
            "How the newest training run ended. Refused: the data or the new models failed a check, and the earlier "
            "models go on serving.",
            """SELECT status FROM retail.runs ORDER BY began DESC LIMIT 1""",
            TEXT,
            width=5,
            height=5,
            words=ENDED,
        ),
        single_stat(
            "Age of the models",
            "Days since the oldest model in use was pushed. Red: they do not know the newest weeks.",
            f"""
            SELECT extract(epoch FROM now() - min(pushed_at)) / 86400 AS "Age" FROM ({SERVING}) serving
            """,
            DAYS,
            width=5,
            height=5,
            decimals=1,
            thresholds=at_most(WATCH["pair_days"]),
        ),
    ],
)

_NO_CHALLENGER = "no challenger was scored"

_ANEW = Row(
    "When to train anew",
    [
        rows(
            "Decisions to train, and why",
            "After each day's sales it is weighed whether the models are still what they were when they were let "
            "through. Newest first; held back: there was a reason, and something that spoke against it now.",
            """
            SELECT d.decided_at AS "Decided",
                   CASE WHEN d.due THEN 'train' WHEN bool_or(f.crossed) THEN 'held back' ELSE 'nothing due' END AS "So",
                   d.said AS "Why", d.pair::text AS "Pair", d.newest_date::text AS "Sales until"
            FROM retail.retraining_decisions d JOIN retail.retraining_findings f USING (decision)
            WHERE $__timeFilter(d.decided_at) AND f.kind = 'reason'
            GROUP BY d.decision
            ORDER BY d.decided_at DESC
            LIMIT 200
            """,
            height=7,
            empty="no decision was asked for",
            columns={
                "Decided": {"unit": TIME, "custom.width": 160},
                "So": {
                    **coloured({"train": ORANGE, "held back": RED, "nothing due": GREEN}),
                    "custom.width": 100,
                },
                "Why": WHOLE,
                "Pair": {"custom.width": 130},
                "Sales until": {"custom.width": 110},
            },
        ),
    ],
)

_CHALLENGER = Row(
    "A new pair beside the one that serves",
    [
        lines(
            "Cost of the challenger's orders beside the champion's",
            "A point a plan of both, at the last date that it knew: what the orders of the pair that is tried cost "
            "more or less than those of the pair that serves, each from the same shelf, along the demand that came. "
            "In its stores: the same in those that it orders for, if any; in the others nothing was ordered by it.",
            Sql(
                """
                SELECT s.as_of::timestamp AS time,
                       sum(s.challenger_cost) / nullif(sum(s.champion_cost), 0) - 1 AS "challenger",
                       sum(s.challenger_cost) FILTER (WHERE l.canary)
                           / nullif(sum(s.champion_cost) FILTER (WHERE l.canary), 0) - 1 AS "in its stores"
                FROM retail.challenger_scores s JOIN retail.challenger_plans c USING (as_of)
                    JOIN retail.plans p USING (as_of, made_at)
                    JOIN retail.challenger_lines l USING (as_of, store_id, product_id)
                WHERE $__timeFilter(s.as_of)
                GROUP BY s.as_of
                ORDER BY 1
                """
            ),
            PERCENT,
            decimals=1,
            points=True,
            names=("challenger", "in its stores"),
        ).no_value(_NO_CHALLENGER),
        rows(
            "Error and bias of both, by challenger",
            "On fully stocked periods of the time that an order is for, all plans of both that are scored.",
            """
            SELECT c.challenger::text AS "Challenger", c.champion::text AS "Champion",
                   count(DISTINCT s.as_of) AS "Plans",
                   sum(s.challenger_error) / nullif(sum(s.units), 0) AS "Error",
                   sum(s.champion_error) / nullif(sum(s.units), 0) AS "Champion's",
                   sum(s.challenger_forecast) / nullif(sum(s.units), 0) - 1 AS "Bias",
                   sum(s.champion_forecast) / nullif(sum(s.units), 0) - 1 AS "Champion's bias"
            FROM retail.challenger_scores s JOIN retail.challenger_plans c USING (as_of)
                JOIN retail.plans p USING (as_of, made_at)
            WHERE $__timeFilter(s.as_of)
            GROUP BY c.challenger, c.champion
            ORDER BY max(s.as_of) DESC
            LIMIT 50
            """,
            width=12,
            unit=PERCENT,
            empty=_NO_CHALLENGER,
            columns={
                "Plans": {"unit": COUNT, "custom.width": 70},
                "Challenger": {"custom.width": 120},
                "Champion": {"custom.width": 120},
            },
        ),
        rows(
            "Decisions on challengers, and why",
            "Newest first. wait: too little is known, or neither is shown to be cheaper.",
            """
            SELECT decided_at AS "Decided", action AS "So", said AS "Why", challenger::text AS "Challenger",
                   champion::text AS "Champion", newest_date::text AS "Sales until"
            FROM retail.promotion_decisions
            WHERE $__timeFilter(decided_at)
            ORDER BY decided_at DESC
            LIMIT 200
            """,
            height=7,
            empty="no decision was asked for",
            columns={
                "Decided": {"unit": TIME, "custom.width": 160},
                "So": {
                    **coloured({"promote": GREEN, "withdraw": ORANGE, "wait": BLUE}),
                    "custom.width": 100,
                },
                "Why": WHOLE,
                "Challenger": {"custom.width": 130},
                "Champion": {"custom.width": 130},
                "Sales until": {"custom.width": 110},
            },
        ),
    ],
)

_HEADLINES = Row(
    "Headlines of the chosen run, on weeks that its models never saw",
    [
        single_stat(
            "Skill against naive",
            "Seasonal naive: how much smaller the demand model's error (WAPE) is than that of repeating the "
            "sales of one season ago. Red: below what the gate asks for.",
            _metric("demand_forecasting", "skill_seasonal_naive"),
            PERCENT,
            decimals=1,
            thresholds=at_least(GATES["demand_skill"]),
        ),
        single_stat(
            "Forecast error (WAPE)",
            "Sum of the absolute errors of the middle forecast over the sum of the units sold, on fully stocked "
            "periods. Lower is better; items that sell little have a high one by nature.",
            _metric("demand_forecasting", "wape"),
            PERCENT,
            decimals=1,
        ),
        single_stat(
            "Quantile most off",
            "The demand model says how likely every amount is. This is how far the worst of these statements "
            "lay from what was seen; 0 is perfect. Red: more than the gate allows.",
            """
            SELECT max(value) AS "distance"
            FROM retail.gate_checks
            WHERE run_id = ${run:sqlstring} AND gate = 'model' AND check_name LIKE 'distance of quantile%'
            """,
            PERCENT,
            decimals=1,
            thresholds=at_most(GATES["calibration_band"]),
        ),
        single_stat(
            "Levels vs. base stock",
            "How much lower the cost of the replenishment model's levels is than that of the classical formula (base "
            "stock with a normal safety stock), each interval for itself. Red: below what the gate asks for.",
            _metric("replenishment_optimization", "skill_base_stock"),
            PERCENT,
            decimals=1,
            thresholds=at_least(GATES["replenishment_skill"]),
        ),
        single_stat(
            "Cost vs. base stock",
            "The test weeks played through with real lead times and orders: what the policy that plans costs "
            "more or less than the classical formula. Negative is cheaper. Red: dearer than the gate allows.",
            """
            SELECT m.total_cost / nullif(b.total_cost, 0) - 1 AS "cost"
            FROM retail.policy_costs m JOIN retail.policy_costs b USING (run_id, slice)
            WHERE run_id = ${run:sqlstring} AND slice = 'all' AND m.plans AND b.policy = 'base_stock'
            """,
            PERCENT,
            decimals=1,
            thresholds=at_most(GATES["base_stock_cost"]),
        ),
        single_stat(
            "Fill rate vs. base",
            "The test weeks played through: the share of demand served at once, less that of the classical "
            "formula, in points. Red: lower than the gate allows.",
            """
            SELECT m.fill_rate - b.fill_rate AS "fill rate"
            FROM retail.policy_costs m JOIN retail.policy_costs b USING (run_id, slice)
            WHERE run_id = ${run:sqlstring} AND slice = 'all' AND m.plans AND b.policy = 'base_stock'
            """,
            PERCENT,
            decimals=1,
            thresholds=at_least(-GATES["fill_rate_margin"]),
        ),
    ],
)

_OVER_TIME = Row(
    "Each model beside its plain rivals, run by run",
    [
        lines(
            "Demand: forecast error (WAPE)",
            "A point a run, on weeks that its model never saw. The model should stay below seasonal naive (sales of "
            "one season ago) and the recent mean.",
            _over_time("demand_forecasting", "wape"),
            PERCENT,
            decimals=1,
            points=True,
            names=("model", "seasonal naive", "recent mean", "trees", "base stock"),
        ),
        lines(
            "Replenishment: cycle cost",
            "A point a run: holding and shortage cost of the order-up-to levels, in money per unit of demand. The "
            "model should stay below base stock, the classical formula.",
            _over_time("replenishment_optimization", "cycle_cost"),
            RATIO,
            decimals=3,
            points=True,
            names=("model", "seasonal naive", "recent mean", "trees", "base stock"),
        ),
        single_stat(
            "By which policy the newest pair that was judged plans, and why",
            "Orders come from the cheapest policy of the weeks before the test weeks; where it is not the "
            "replenishment model, that model's levels may cost more than base stock's without anybody "
            "ordering by them.",
            "SELECT planning_reason FROM retail.runs WHERE planning_reason IS NOT NULL ORDER BY began DESC LIMIT 1",
            TEXT,
            width=24,
            height=3,
        ),
        rows(
            "Runs, and why they ended so",
            "Every training run of the chosen time. A refused run changed nothing: the earlier models went "
            "on serving.",
            """
            SELECT began AS "Began", status AS "Ended", array_to_string(reasons, '; ') AS "Why",
                   last_date::text AS "Sales until", series AS "Series", run_id AS "Run"
            FROM retail.runs
            WHERE $__timeFilter(began)
            ORDER BY began DESC
            """,
            height=7,
            columns={
                "Began": {"unit": TIME, "custom.width": 180},
                "Ended": {**STATES, "custom.width": 130},
                "Why": WHOLE,
                "Series": {"unit": COUNT, "custom.width": 90},
                "Sales until": {"custom.width": 110},
                "Run": {"custom.width": 200},
            },
        ),
    ],
)

_WHY = Row(
    "Why it was let through or refused",
    [
        rows(
            "Checks of the chosen run's models",
            "Every check of the model gate, the failed ones first. Room is the distance to the threshold; negative "
            "where it was crossed. One stop refuses the pair.",
            """
            SELECT verdict AS "Verdict", replace(subject, '_', ' ') AS "Model", check_name AS "Check",
                   slice AS "Where", value AS "Value", threshold AS "Threshold", margin AS "Room", reason AS "Reason"
            FROM retail.gate_checks
            WHERE run_id = ${run:sqlstring} AND gate = 'model'
            ORDER BY array_position(ARRAY['stop', 'warn', 'waived', 'pass'], verdict), number
            """,
            height=10,
            columns={
                "Verdict": {**VERDICTS, "custom.width": 80},
                "Value": {"decimals": 3, "custom.width": 90},
                "Threshold": {"decimals": 3, "custom.width": 90},
                "Room": {"decimals": 3, "custom.width": 90},
                "Check": {**WHOLE, "custom.width": 320},
                "Model": {"custom.width": 170},
                "Where": {"custom.width": 136},
                "Reason": WHOLE,
            },
        ),
    ],
)

_WHERE = Row(
    "Where the chosen run is strong and weak",
    [
        bars(
            "Calibration: is a 90 % forecast right 90 % of the time?",
            "For each level of the forecast the share of demand below it, and below or at it. A level is "
            "right when it lies between the two; for items that sell few units they are far apart.",
            """
            SELECT to_char(level * 100, 'FM990.#') || ' %' AS "Level", below AS "below", level AS "promised",
                   at_most AS "below or at it"
            FROM retail.calibration
            WHERE run_id = ${run:sqlstring}
            ORDER BY level
            """,
            PERCENT,
            decimals=0,
            columns={name: {} for name in ("below", "promised", "below or at it")},
        ),
        bars(
            "Stores and categories with the least skill",
            "Skill against seasonal naive of the ten weakest. Red: below what the gate allows the weakest.",
            """
            SELECT replace(slice, '=', ' ') AS "Where", value AS "skill"
            FROM retail.metrics
            WHERE run_id = ${run:sqlstring} AND model = 'demand_forecasting' AND source = 'candidate'
              AND metric = 'skill_seasonal_naive' AND (slice LIKE 'store_id=%' OR slice LIKE 'category=%')
              AND value IS NOT NULL
            ORDER BY value
            LIMIT 10
            """,
            PERCENT,
            across=True,
            thresholds=at_least(GATES["slice_skill"]),
        ),
    ],
)

BOARD = Board(
    folder="managers",
    uid="retail-model-quality",
    title="Model quality",
    description="Are the models better than plain methods, and what serves now?",
    variables=[choices.run()],
    rows=[_NOW, _ANEW, _CHALLENGER, _HEADLINES, _OVER_TIME, _WHY, _WHERE],
)
