"""How old the newest sales are: a figure of a board, and of an alert."""

from grafana.gates import WATCH

SALES_AGE = f"""
    SELECT (today - known)::float8 / period_days - 1 AS value
    FROM (SELECT (now() AT TIME ZONE 'UTC' - interval '{WATCH["day_from_hour"]} hours')::date AS today) clock
    CROSS JOIN (
        SELECT max(known) AS known, max(period_days) AS period_days
        FROM (
            SELECT last_date AS known, period_days FROM retail.runs WHERE status <> 'refused_data'
            UNION ALL
            SELECT as_of, period_days FROM retail.planning_runs WHERE status <> 'refused_data'
        ) seen
    ) sales
    WHERE known IS NOT NULL
    """
"""Periods by which the newest sales that a run has read are older than they should be; refused ones do not count."""
