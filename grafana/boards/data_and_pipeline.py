"""Runs, their components, and the data that they were given."""

from __future__ import annotations

from grafana import choices
from grafana.board import Board, Row, choice
from grafana.boards.model_quality import ENDED
from grafana.panels import (
    COUNT,
    DAYS,
    PERCENT,
    RATIO,
    SECONDS,
    STATES,
    TEXT,
    TIME,
    VERDICTS,
    at_most,
    lines,
    rows,
    single_stat,
)
from grafana.sql import Sql

_LAST = "FROM retail.runs ORDER BY began DESC LIMIT 1"

_NOW = Row(
    "The newest run",
    [
        single_stat(
            "Last run",
            "How the newest training run ended.",
            f"SELECT status {_LAST}",
            TEXT,
            words=ENDED,
        ),
        single_stat(
            "Age of the newest sales",
            "Days from the last date in the files of the newest run to today.",
            'SELECT current_date - last_date AS "age" FROM retail.runs WHERE last_date IS NOT NULL '
            "ORDER BY began DESC LIMIT 1",
            DAYS,
        ),
        single_stat(
            "Rows read", "Store, product and date rows of the newest run.", f"SELECT rows {_LAST}", COUNT
        ),
        single_stat(
            "Rows set aside",
            "Rows that break the data contract and were put into quarantine by the newest run.",
            f'SELECT coalesce(rejected_rows, 0) AS "set aside" {_LAST}',
            COUNT,
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
        ),
        single_stat(
            "Duration",
            "Wall time of the newest run.",
            'SELECT extract(epoch FROM ended - began) AS "duration" FROM retail.runs WHERE ended IS NOT NULL '
            "ORDER BY began DESC LIMIT 1",
            SECONDS,
            decimals=0,
        ),
    ],
)

_RUNS = Row(
    "Runs over time",
    [
        lines(
            "Seconds per component",
            "Wall time of each component, a bar a run. Components run two at a time, so a run takes less than its bar.",
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
        ),
        lines(
            "Components that ran, or were taken from the cache",
            "How each run's components ended. Cached: nothing that it depends on had changed.",
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
        ),
        rows(
            "All runs",
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
                "Began": {"unit": TIME, "custom.width": 180},
                "Duration": {"unit": SECONDS, "decimals": 0},
                "Ended": STATES,
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
                "Ended": STATES,
                "Duration": {"unit": SECONDS, "decimals": 1},
                "Peak memory": {"unit": "mbytes", "decimals": 0},
            },
        ),
    ],
)

_DATA = Row(
    "The data over time",
    [
        lines(
            "Findings per feature",
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
        ),
        lines(
            "Drift per feature, as a share of what is allowed",
            "How far each feature's distribution moved from the rows that earlier models learned from, divided by its "
            "threshold in the schema: the gate finds fault above 1.",
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
        ),
        rows(
            "Findings of the chosen time",
            "What the data gate found, the newest run first. A stop refuses the data; a waiver names who let it pass.",
            """
            SELECT r.began AS "Run of", c.verdict AS "Verdict", c.subject AS "Feature",
                   replace(c.check_name, '_', ' ') AS "Check", c.value AS "Value", c.threshold AS "Threshold",
                   c.reason AS "Reason"
            FROM retail.gate_checks c JOIN retail.runs r USING (run_id)
            WHERE $__timeFilter(r.began) AND c.gate = 'data' AND c.verdict <> 'pass'
              AND c.subject IN (${feature:sqlstring})
            ORDER BY r.began DESC, c.number
            LIMIT 1000
            """,
            width=12,
            columns={
                "Run of": {"unit": TIME},
                "Verdict": VERDICTS,
                "Value": {"decimals": 3},
                "Threshold": {"decimals": 3},
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
    rows=[_NOW, _RUNS, _DATA],
)
