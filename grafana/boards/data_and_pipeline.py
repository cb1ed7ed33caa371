"""Runs of training and planning, their components, and the data that they were given.

Over 300 lines: a board is read from top to bottom, as it is on the screen.
"""

from __future__ import annotations

from grafana import choices
from grafana.board import Board, Row, choice
from grafana.boards.model_quality import ENDED
from grafana.colours import GREEN
from grafana.columns import STATES, VERDICTS, WHOLE
from grafana.gates import WATCH
from grafana.panels import (
    COUNT,
    PERCENT,
    PERIODS,
    RATIO,
    SECONDS,
    TEXT,
    TIME,
    at_most,
    lines,
    none_of,
    rows,
    single_stat,
)
from grafana.sales import SALES_AGE
from grafana.sql import Sql

_LAST = "FROM retail.runs ORDER BY began DESC LIMIT 1"
_LAST_PLANNING = "FROM retail.planning_runs ORDER BY began DESC LIMIT 1"

_PLANNED = Row(
    "Planning, every day",
    [
        single_stat(
            "Last planning run",
            "How it ended. Refused: the data of the day broke a rule, and nothing was ordered from them.",
            f"SELECT status {_LAST_PLANNING}",
            TEXT,
            words={**ENDED, "planned": ("Planned", GREEN)},
        ),
        single_stat(
            "Age of the plan",
            "Days or weeks since the plan of the newest date was made. Red: longer than from one plan to the next one.",
            """
            SELECT extract(epoch FROM now() - made_at) / 86400 / period_days AS "age"
            FROM retail.plans
            ORDER BY as_of DESC
            LIMIT 1
            """,
            PERIODS,
            decimals=1,
            thresholds=at_most(WATCH["plan_hours"] / 24),
        ),
        single_stat(
            "Sales are late by",
            "Periods by which the newest sales that any run has read are older than they should be: 0 where those of "
            "yesterday, or of last week, are there.",
            SALES_AGE,
            COUNT,
            decimals=0,
            thresholds=at_most(WATCH["late_periods"] + 1),
        ),
        single_stat(
            "Findings today",
            "Checks of the data that warned or stopped in the newest planning run.",
            f"""
            SELECT count(*) AS "findings"
            FROM retail.planning_checks
            WHERE verdict IN ('warn', 'stop') AND planning_id = (SELECT planning_id {_LAST_PLANNING})
            """,
            COUNT,
            thresholds=none_of(),
        ),
        single_stat(
            "Planning took",
            "Wall time of the newest planning run that ended. Red: longer than one should.",
            """
            SELECT extract(epoch FROM ended - began) AS "duration" FROM retail.planning_runs WHERE ended IS NOT NULL
            ORDER BY began DESC LIMIT 1
            """,
            SECONDS,
            decimals=0,
            thresholds=at_most(3600 * WATCH["planning_hours"]),
        ),
        single_stat(
            "Held lines",
            "Order lines of the newest planning run that are out of all proportion: nothing is ordered of "
            "them until a person accepts them.",
            f'SELECT held AS "held" {_LAST_PLANNING}',
            COUNT,
            thresholds=none_of(),
        ),
        rows(
            "Planning runs",
            "The planning runs of the chosen time, refused and failed ones too.",
            """
            SELECT began AS "Began", status AS "Ended", extract(epoch FROM ended - began) AS "Took",
                   as_of::text AS "As of", lines AS "Lines", held AS "Held", array_to_string(reasons, '; ') AS "Why"
            FROM retail.planning_runs
            WHERE $__timeFilter(began)
            ORDER BY began DESC
            """,
            width=12,
            unit=COUNT,
            columns={
                "Began": {"unit": TIME, "custom.width": 160},
                "Ended": {**STATES, "custom.width": 106},
                "Took": {"unit": SECONDS, "decimals": 0, "custom.width": 60},
                "As of": {"custom.width": 94},
                "Lines": {"custom.width": 56},
                "Held": {"custom.width": 50},
                "Why": WHOLE,
            },
        ),
        rows(
            "Findings before plans",
            "What was found in the data before plans of the chosen time, the newest first. A stop refuses "
            "the day's plan, unless a person accepted it.",
            """
            SELECT r.began AS "Plan of", c.verdict AS "Verdict", c.subject AS "Feature",
                   replace(c.check_name, '_', ' ') AS "Check", c.reason AS "Reason"
            FROM retail.planning_checks c JOIN retail.planning_runs r USING (planning_id)
            WHERE $__timeFilter(r.began) AND c.verdict <> 'pass' AND c.subject IN (${feature:sqlstring})
            ORDER BY r.began DESC, c.gate, c.number
            LIMIT 1000
            """,
            empty="no findings",
            width=12,
            columns={
                "Plan of": {"unit": TIME, "custom.width": 160},
                "Verdict": {**VERDICTS, "custom.width": 74},
                "Feature": {"custom.width": 110},
                "Check": {"custom.width": 152},
                "Reason": WHOLE,
            },
        ),
    ],
)

_NOW = Row(
    "The newest training run",
    [
        single_stat(
            "Last training run",
            "How the newest training run ended.",
            f"SELECT status {_LAST}",
            TEXT,
            words=ENDED,
        ),
        single_stat(
            "Series", "Stores and products with rows in the newest run.", f"SELECT series {_LAST}", COUNT
        ),
        single_stat(
            "Rows read", "Store, product and date rows of the newest run.", f"SELECT rows {_LAST}", COUNT
        ),
        single_stat(
            "Rows set aside",
            "Rows that break the data contract and were put into quarantine by the newest run.",
            f'SELECT coalesce(rejected_rows, 0) AS "set aside" {_LAST}',
            COUNT,
            thresholds=none_of(),
        ),
        single_stat(
            "Findings in the data",
            "Checks of the data gate that warned or stopped in the newest run.",
            f"""
            SELECT count(*) AS "findings"
            FROM retail.gate_checks
            WHERE gate = 'data' AND verdict IN ('warn', 'stop') AND run_id = (SELECT run_id {_LAST})
            """,
            COUNT,
            thresholds=none_of(),
        ),
        single_stat(
            "Training took",
            "Wall time of the newest run that ended. Red: longer than one should.",
            'SELECT extract(epoch FROM ended - began) AS "duration" FROM retail.runs WHERE ended IS NOT NULL '
            "ORDER BY began DESC LIMIT 1",
            SECONDS,
            decimals=0,
            thresholds=at_most(3600 * WATCH["training_hours"]),
        ),
    ],
)

_RUNS = Row(
    "Runs over time",
    [
        lines(
            "Seconds per component",
            "Wall time of each component, a bar a run. Components run two at a time, so a run takes less "
            "than its bar.",
            Sql(
                """
                SELECT r.began AS time, c.node AS metric, c.seconds
                FROM retail.run_components c JOIN retail.runs r USING (run_id)
                WHERE $__timeFilter(r.began)
                ORDER BY r.began, c.position
                """,
                "time_series",
            ),
            SECONDS,
            decimals=1,
            bars=True,
            many=True,
        ),
        lines(
            "How components ended",
            "Of each run, how many. Cached: nothing that it depends on had changed.",
            Sql(
                """
                SELECT r.began AS time, c.state AS metric, count(*)::float8 AS components
                FROM retail.run_components c JOIN retail.runs r USING (run_id)
                WHERE $__timeFilter(r.began)
                GROUP BY r.began, c.state
                ORDER BY 1, 2
                """,
                "time_series",
            ),
            COUNT,
            bars=True,
            names=("ran", "cached", "skipped", "refused", "failed"),
        ),
        rows(
            "All training runs",
            "The runs of the chosen time.",
            """
            SELECT began AS "Began", extract(epoch FROM ended - began) AS "Duration", status AS "Ended",
                   rows AS "Rows", rejected_rows AS "Set aside", series AS "Series", first_date::text AS "From",
                   last_date::text AS "Until", array_to_string(reasons, '; ') AS "Why", run_id AS "Run"
            FROM retail.runs
            WHERE $__timeFilter(began)
            ORDER BY began DESC
            """,
            unit=COUNT,
            columns={
                "Began": {"unit": TIME, "custom.width": 170},
                "Duration": {"unit": SECONDS, "decimals": 0, "custom.width": 86},
                "Ended": {**STATES, "custom.width": 120},
                "Rows": {"custom.width": 90},
                "Set aside": {"custom.width": 90},
                "Series": {"custom.width": 70},
                "From": {"custom.width": 100},
                "Until": {"custom.width": 100},
                "Why": WHOLE,
                "Run": {"custom.width": 200},
            },
        ),
        rows(
            "Components of the chosen run",
            "In the order of the pipeline.",
            """
            SELECT node AS "Component", state AS "Ended", seconds AS "Duration", peak_mib AS "Peak memory",
                   reason AS "Reason"
            FROM retail.run_components
            WHERE run_id = ${run:sqlstring}
            ORDER BY position
            """,
            height=10,
            columns={
                "Component": {"custom.width": 220},
                "Ended": {**STATES, "custom.width": 100},
                "Duration": {"unit": SECONDS, "decimals": 1, "custom.width": 100},
                "Peak memory": {"unit": "mbytes", "decimals": 0, "custom.width": 120},
                "Reason": WHOLE,
            },
        ),
    ],
)

_DATA = Row(
    "The data over time",
    [
        lines(
            "Findings per feature, by training run",
            "Warnings and stops of the data gate, a bar a run, by the column they are about.",
            Sql(
                """
                SELECT r.began AS time, c.subject AS metric, count(*)::float8 AS findings
                FROM retail.gate_checks c JOIN retail.runs r USING (run_id)
                WHERE $__timeFilter(r.began) AND c.gate = 'data' AND c.verdict IN ('warn', 'stop')
                  AND c.subject IN (${feature:sqlstring})
                GROUP BY r.began, c.subject
                ORDER BY 1, 2
                """,
                "time_series",
            ),
            COUNT,
            bars=True,
            many=True,
        ),
        lines(
            "Drift per feature, as a share of what is allowed",
            "How far each feature's distribution moved from the rows that earlier models learned from, "
            "divided by its threshold in the schema: the gate finds fault above 1.",
            Sql(
                """
                SELECT r.began AS time, c.subject AS metric, max(c.value / c.threshold) AS drift
                FROM retail.gate_checks c JOIN retail.runs r USING (run_id)
                WHERE $__timeFilter(r.began) AND c.gate = 'data' AND c.check_name = 'drift' AND c.threshold > 0
                  AND c.subject IN (${feature:sqlstring})
                GROUP BY r.began, c.subject
                ORDER BY 1, 2
                """,
                "time_series",
            ),
            RATIO,
            decimals=2,
            points=True,
            many=True,
            thresholds=at_most(1.0),
        ),
        lines(
            "Missing values per feature",
            "Share of rows without a value, a point a run.",
            Sql(
                """
                SELECT r.began AS time, s.feature AS metric, s.missing
                FROM retail.data_statistics s JOIN retail.runs r USING (run_id)
                WHERE $__timeFilter(r.began) AND s.feature IN (${feature:sqlstring})
                ORDER BY 1, 2
                """,
                "time_series",
            ),
            PERCENT,
            decimals=1,
            points=True,
            many=True,
        ),
        rows(
            "Findings before training",
            "What the data gate found in the chosen time, the newest run first. A stop refuses the data; a "
            "waiver names who let it pass.",
            """
            SELECT r.began AS "Run of", c.verdict AS "Verdict", c.subject AS "Feature",
                   replace(c.check_name, '_', ' ') AS "Check", c.reason AS "Reason"
            FROM retail.gate_checks c JOIN retail.runs r USING (run_id)
            WHERE $__timeFilter(r.began) AND c.gate = 'data' AND c.verdict <> 'pass'
              AND c.subject IN (${feature:sqlstring})
            ORDER BY r.began DESC, c.number
            LIMIT 1000
            """,
            empty="no findings",
            width=12,
            columns={
                "Run of": {"unit": TIME, "custom.width": 160},
                "Verdict": {**VERDICTS, "custom.width": 74},
                "Feature": {"custom.width": 110},
                "Check": {"custom.width": 152},
                "Reason": WHOLE,
            },
        ),
        rows(
            "Statistics of the chosen run",
            "TFDV's statistics of every column of the rows.",
            """
            SELECT feature AS "Feature", rows AS "Rows", missing AS "Missing", low AS "Lowest", mean AS "Mean",
                   median AS "Median", high AS "Highest", zeros AS "Zeros", distinct_values AS "Distinct"
            FROM retail.data_statistics
            WHERE run_id = ${run:sqlstring} AND feature IN (${feature:sqlstring}) AND feature <> 'date'
            ORDER BY feature
            """,
            height=10,
            unit=COUNT,
            columns={
                "Feature": {"custom.width": 220},
                "Missing": {"unit": PERCENT, "decimals": 1},
                "Zeros": {"unit": PERCENT, "decimals": 1},
                **{name: {"decimals": 2} for name in ("Lowest", "Mean", "Median", "Highest")},
            },
        ),
    ],
)

_SUBJECTS = """
    SELECT subject FROM retail.gate_checks WHERE gate = 'data'
    UNION
    SELECT subject FROM retail.planning_checks
    UNION
    SELECT feature FROM retail.data_statistics
    """
_FEATURES = choice(
    "feature",
    "Feature",
    "One column of the data, several or all; all that the data gate ever looked at.",
    f"{_SUBJECTS}ORDER BY 1",
    several=Sql(_SUBJECTS).text,
)

BOARD = Board(
    folder="operations",
    uid="retail-data-and-pipeline",
    title="Data quality and pipeline",
    description="What ran, how long it took, and what was found in the data.",
    variables=[choices.run(), _FEATURES],
    rows=[_PLANNED, _NOW, _RUNS, _DATA],
)
