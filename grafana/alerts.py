"""Alert rules: models refused, forecast degraded, data late."""

from __future__ import annotations

from typing import Literal

from grafana_foundation_sdk.builders import alerting, expr
from grafana_foundation_sdk.models.alerting import RelativeTimeRange

from grafana.gates import GATES
from grafana.sql import UID, Sql

_LATE = 2
"""Periods without new sales before someone is told: a night's delivery that comes a day late is none."""
_RECENT = 28
"""Periods of plans that the realised skill is taken from: a few days alone would ring for chance."""

_A_DAY = RelativeTimeRange(from_val=86_400, to=0)
"""Grafana asks for a range; the queries look at the newest rows, whenever they are of."""
Compare = Literal["gt", "lt"]


def _rule(
    uid: str, title: str, summary: str, description: str, sql: str, compare: Compare, bound: float, wait: str
) -> dict[str, object]:
    """One rule in the format of Grafana's provisioning files.

    The query returns one number; the rule rings while it is greater (gt) or less (lt) than ``bound``.
    """
    evaluator = expr.ExprTypeThresholdConditionsEvaluator().type(compare).params([bound])
    condition = expr.ExprTypeThresholdConditions().evaluator(evaluator)
    threshold = expr.TypeThreshold().ref_id("B").expression("A").conditions([condition])
    made = (
        alerting.Rule(title)
        .uid(uid)
        .condition("B")
        .with_query(alerting.Query("A").datasource_uid(UID).relative_time_range(_A_DAY).model(Sql(sql)))
        .with_query(
            alerting.Query("B").datasource_uid("__expr__").relative_time_range(_A_DAY).model(threshold)
        )
        .no_data_state("OK")
        .exec_err_state("Error")
        .for_val(wait)
        .annotations({"summary": summary, "description": description})
        .labels({"product": "retail-inventory"})
        .build()
        .to_json()
    )
    # What only the HTTP API knows: a provisioned group says these for all its rules.
    return {key: value for key, value in made.items() if key not in ("folderUID", "ruleGroup", "orgID")}


def rules() -> dict[str, object]:
    """The provisioning file: one group, looked at every five minutes."""
    found = [
        _rule(
            "retail-model-refused",
            "Run refused",
            "The newest training run was refused",
            "The data or the new models failed a check. The earlier models go on serving; the reasons are on the "
            "dashboard Model quality.",
            """
            SELECT (status IN ('refused_model', 'refused_data', 'failed'))::integer AS value
            FROM retail.runs
            WHERE status <> 'running'
            ORDER BY began DESC
            LIMIT 1
            """,
            "gt",
            0,
            "0s",
        ),
        _rule(
            "retail-forecast-degraded",
            "Forecast degraded",
            "Forecasts are no longer better than last season's sales",
            "The realised skill of the plans of the last periods is below what the model gate asks of new models. See "
            "the dashboard Demand forecast for where.",
            f"""
            SELECT 1 - sum(compared_error) / nullif(sum(naive_error), 0) AS value
            FROM retail.realised JOIN retail.plans USING (as_of)
            WHERE as_of > (SELECT max(as_of) FROM retail.realised) - {_RECENT} * period_days
            HAVING sum(naive_error) > 0
            """,
            "lt",
            GATES["demand_skill"],
            "0s",
        ),
        _rule(
            "retail-data-late",
            "Data late",
            "No new sales have come",
            "The newest date in the files of the newest run is older than it should be; plans made now start from old "
            "stock.",
            """
            SELECT (current_date - last_date)::float8 / period_days - 1 AS value
            FROM retail.runs
            WHERE last_date IS NOT NULL
            ORDER BY began DESC
            LIMIT 1
            """,
            "gt",
            _LATE,
            "1h",
        ),
    ]
    group = {"orgId": 1, "name": "Retail inventory", "folder": "Operations", "interval": "5m", "rules": found}
    return {"apiVersion": 1, "groups": [group]}
