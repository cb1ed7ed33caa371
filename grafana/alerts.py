"""Alert rules: each asks the store for one number, and says how grave it is and where it is written what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import alerting, expr
from grafana_foundation_sdk.models.alerting import RelativeTimeRange

from grafana.gates import GATES, WATCH
from grafana.sales import SALES_AGE
from grafana.serving import SERVING
from grafana.sql import UID, Sql

RUNBOOKS = "${RETAIL_RUNBOOKS}"
"""Address of docs/runbooks.md: Grafana fills in the variable of its environment when it reads the file."""
Severity = Literal["critical", "warning"]
CRITICAL: Severity = "critical"
WARNING: Severity = "warning"
_A_DAY = RelativeTimeRange(from_val=86_400, to=0)
"""Grafana asks for a range; the queries look at the newest rows, whenever they are of."""
_RECENT_PLANS = f"""
    FROM retail.realised JOIN retail.plans USING (as_of)
    WHERE as_of > (SELECT max(as_of) FROM retail.realised) - {WATCH["recent_periods"]} * period_days
    """
"""Realised figures of the newest plans."""


@dataclass(frozen=True)
class Alert:
    """One rule; it rings while its number is greater (gt) or less (lt) than a bound.

    Attributes:
        uid: in its address.
        title: shown, and the heading of its runbook.
        summary: what is the matter, in one line.
        description: what that means.
        sql: one number, or none where there is nothing to judge; the clock is ``now()`` alone.
        compare, bound: when it rings.
        severity: critical: orders are missing or rest on old figures; warning: something is getting worse.
        wait: for how long it has to be so, as Grafana writes it.
    """

    uid: str
    title: str
    summary: str
    description: str
    sql: str
    compare: Literal["gt", "lt"]
    bound: float
    severity: Severity
    wait: str = "0s"

    @property
    def runbook(self) -> str:
        """Address of its heading in the runbooks."""
        return f"{RUNBOOKS}#{re.sub(r'[^a-z0-9]+', '-', self.title.lower())}"

    def rule(self) -> dict[str, object]:
        """In the format of Grafana's provisioning files."""
        evaluator = expr.ExprTypeThresholdConditionsEvaluator().type(self.compare).params([self.bound])
        condition = expr.ExprTypeThresholdConditions().evaluator(evaluator)
        threshold = expr.TypeThreshold().ref_id("B").expression("A").conditions([condition])
        made = (
            alerting.Rule(self.title)
            .uid(self.uid)
            .condition("B")
            .with_query(_query("A", UID).model(Sql(self.sql)))
            .with_query(_query("B", "__expr__").model(threshold))
            # No row: nothing has happened yet that could be judged.
            .no_data_state("OK")
            .exec_err_state("Error")
            .for_val(self.wait)
            .annotations(
                {"summary": self.summary, "description": self.description, "runbook_url": self.runbook}
            )
            .labels({"product": "retail-inventory", "severity": self.severity})
            .build()
            .to_json()
        )
        # What only the HTTP API knows: a provisioned group says these for all its rules.
        return {key: value for key, value in made.items() if key not in ("folderUID", "ruleGroup", "orgID")}


def _query(ref: str, source: str) -> alerting.Query:
    return alerting.Query(ref).datasource_uid(source).relative_time_range(_A_DAY)


def _newest_is(table: str, status: str) -> str:
    """1 where the newest of the runs that ended did so as the condition has it, else 0."""
    return f"""
        SELECT (status {status})::integer AS value
        FROM retail.{table}
        WHERE status <> 'running'
        ORDER BY began DESC
        LIMIT 1
        """


ALERTS = (
    Alert(
        "retail-no-plan",
        "No plan for today",
        "No plan was made since the last period's",
        "Planning did not run, or ended without a plan: nobody has new orders from this system.",
        """
        SELECT extract(epoch FROM now() - made_at) / 3600 / period_days AS value
        FROM retail.plans
        ORDER BY as_of DESC
        LIMIT 1
        """,
        "gt",
        WATCH["plan_hours"],
        CRITICAL,
    ),
    Alert(
        "retail-planning-refused",
        "Planning refused",
        "The newest planning run was refused or failed",
        "The data of the day broke a rule, or planning broke off: nothing was ordered from them. The reasons "
        "are on the dashboard Data quality and pipeline.",
        _newest_is("planning_runs", "IN ('refused_data', 'failed')"),
        "gt",
        0,
        CRITICAL,
    ),
    Alert(
        "retail-data-late",
        "Data late",
        "No new sales have come",
        "The newest sales that any run has read are older than they should be; plans made now start from old stock.",
        SALES_AGE,
        "gt",
        WATCH["late_periods"],
        CRITICAL,
        wait="1h",
    ),
    Alert(
        "retail-frozen-feed",
        "Frozen feed",
        "The newest sales repeat old ones, or hold none",
        "The demand watch found numbers that did not move where demand does, of a whole store or of single products: "
        "forecasts made now start from sales that never were. Which ones is on the dashboard Demand forecast.",
        """
        SELECT count(*) AS value
        FROM retail.watch_findings
        WHERE kind = 'frozen_feed' AND found_at > now() - interval '1 day'
        """,
        "gt",
        0,
        WARNING,
    ),
    Alert(
        "retail-run-hangs",
        "Run hangs",
        "A run has been going on for longer than any should",
        "The newest training or planning run neither ended nor failed: it hangs, or its process is gone.",
        f"""
        SELECT coalesce(max(extract(epoch FROM now() - began) / 3600 / hours), 0) AS value
        FROM (
            (SELECT status, began, {WATCH["training_hours"]} AS hours FROM retail.runs ORDER BY began DESC LIMIT 1)
            UNION ALL
            (SELECT status, began, {WATCH["planning_hours"]} FROM retail.planning_runs ORDER BY began DESC LIMIT 1)
        ) newest
        WHERE status = 'running'
        """,
        "gt",
        1,
        WARNING,
    ),
    Alert(
        "retail-training-failed",
        "Retraining failed",
        "The newest training run failed",
        "It broke off before it could be judged. The earlier models go on serving; the reasons are on the "
        "dashboard Model quality.",
        _newest_is("runs", "= 'failed'"),
        "gt",
        0,
        WARNING,
    ),
    Alert(
        "retail-model-refused",
        "Run refused",
        "The newest training run was refused",
        "The data or the new models failed a check. The earlier models go on serving; the reasons are on the "
        "dashboard Model quality.",
        _newest_is("runs", "IN ('refused_model', 'refused_data')"),
        "gt",
        0,
        WARNING,
    ),
    Alert(
        "retail-forecast-degraded",
        "Forecast degraded",
        "Forecasts are no longer better than last season's sales",
        "The realised skill of the plans of the last periods is below what the model gate asks of new "
        "models. See the dashboard Demand forecast for where.",
        f"""
        SELECT 1 - sum(compared_error) / nullif(sum(naive_error), 0) AS value
        {_RECENT_PLANS}
        HAVING sum(naive_error) > 0
        """,
        "lt",
        GATES["demand_skill"],
        WARNING,
    ),
    Alert(
        "retail-realised-bias",
        "Realised bias",
        "Forecasts lie above or below the sales in sum",
        "Over the plans of the last periods the forecasts were too high, or too low, by more than the band. See the "
        "dashboard Demand forecast for where.",
        f"""
        SELECT abs(sum(forecast) - sum(units)) / sum(units) AS value
        {_RECENT_PLANS}
        HAVING sum(units) > 0
        """,
        "gt",
        WATCH["bias_band"],
        WARNING,
    ),
    Alert(
        "retail-stock-outs",
        "Stock-outs above target",
        "More products ran out than the target allows",
        "Of the last periods' products and periods more were out of stock for a time than the target allows. See the "
        "dashboard Inventory for what runs out next.",
        f"""
        SELECT avg((in_stock < 1)::integer)::float8 AS value
        FROM retail.actuals
        WHERE units_sold IS NOT NULL
          AND date > (SELECT max(date) FROM retail.actuals WHERE units_sold IS NOT NULL)
                     - {WATCH["recent_periods"]} * (SELECT max(period_days) FROM retail.plans)
        HAVING count(*) > 0
        """,
        "gt",
        WATCH["stock_outs"],
        WARNING,
    ),
    Alert(
        "retail-pair-old",
        "Serving pair too old",
        "The models that serve do not know the newest weeks",
        "They were pushed long ago. Training does not run, or is refused each time; see the dashboard Model quality.",
        f"""
        SELECT extract(epoch FROM now() - min(pushed_at)) / 86400 AS value
        FROM ({SERVING}) serving
        HAVING count(*) > 0
        """,
        "gt",
        WATCH["pair_days"],
        WARNING,
    ),
    Alert(
        "retail-backup-old",
        "Back-up too old",
        "No back-up was taken in time",
        "What has come since the newest one would be lost with this machine. Where none was ever taken, nothing rings.",
        """
        SELECT extract(epoch FROM now() - max(made_at)) / 3600 AS value
        FROM retail.backups
        HAVING count(*) > 0
        """,
        "gt",
        WATCH["backup_hours"],
        WARNING,
    ),
)


def rules() -> dict[str, object]:
    """The provisioning file: one group, looked at every five minutes."""
    group = {
        "orgId": 1,
        "name": "Retail inventory",
        "folder": "Operations",
        "interval": "5m",
        "rules": [alert.rule() for alert in ALERTS],
    }
    return {"apiVersion": 1, "groups": [group]}
