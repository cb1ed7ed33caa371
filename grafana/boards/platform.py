"""Whether services, exporters, machine and schedule are well, from Prometheus."""

from __future__ import annotations

from grafana.board import Board, Row
from grafana.panels import COUNT, PERCENT, PERIODS, SECONDS, at_least, at_most
from grafana.prometheus import figure, over_time

_BYTES = "bytes"
_A_SECOND = "reqps"
_BOUNDS = {"errors": 0.02, "slow": 0.5, "disk": 0.1, "memory": 0.05, "plan": 1.125}
"""As in deploy/prometheus/rules/retail.yml."""

_NOW = Row(
    "Now",
    [
        figure(
            "Not answering",
            "Services and exporters that Prometheus asks and that do not answer.",
            "count(up == 0) or vector(0)",
            COUNT,
            thresholds=at_most(1),
        ),
        figure(
            "Alerts that ring",
            "Of Prometheus; those of Grafana are on its own page.",
            'count(ALERTS{alertstate="firing"}) or vector(0)',
            COUNT,
            thresholds=at_most(1),
        ),
        figure(
            "Since the newest plan",
            "Periods, days or weeks, since the newest planning run ended with a plan.",
            "retail:planned_age:periods",
            PERIODS,
            thresholds=at_most(_BOUNDS["plan"]),
            decimals=2,
        ),
        figure(
            "Age of the pair",
            "Since the pair that the prediction service answers from was pushed.",
            'max(retail_inventory_model_age_seconds{label="stable"})',
            SECONDS,
            decimals=0,
        ),
        figure(
            "Requests that failed",
            "Share of the requests of five minutes that the prediction service could not answer.",
            "max(retail:request_errors:ratio5m) or vector(0)",
            PERCENT,
            thresholds=at_most(_BOUNDS["errors"]),
            decimals=1,
        ),
        figure(
            "Least room on a disk",
            "Share of the fullest disk that is free.",
            "min(retail:disk_free:ratio)",
            PERCENT,
            thresholds=at_least(_BOUNDS["disk"]),
            decimals=0,
        ),
    ],
)

_SERVICE = Row(
    "Prediction service",
    [
        over_time(
            "Requests a second",
            "Predict requests by model and code, of five minutes.",
            [("sum by (model, code) (retail:requests:rate5m)", "{{model}} {{code}}")],
            _A_SECOND,
        ),
        over_time(
            "Seconds of the slowest twentieth",
            "Time that 95 of 100 requests stay below, of five minutes; the line is where an alert rings.",
            [("max by (model) (retail:request_seconds:p95_5m)", "{{model}}")],
            SECONDS,
            thresholds=at_most(_BOUNDS["slow"]),
        ),
        over_time(
            "Requests in flight",
            "Whole requests that are computed or wait for it.",
            [("sum by (instance) (retail_inventory_requests_in_flight)", "{{instance}}")],
            COUNT,
            width=8,
        ),
        over_time(
            "Memory of the service",
            "Resident memory of its process.",
            [('process_resident_memory_bytes{job="retail-serving"}', "{{instance}}")],
            _BYTES,
            width=8,
        ),
        over_time(
            "Processor time of the service",
            "Cores in use, of five minutes.",
            [('rate(process_cpu_seconds_total{job="retail-serving"}[5m])', "{{instance}}")],
            "none",
            width=8,
        ),
    ],
)

_PIPELINE = Row(
    "Runs and tasks",
    [
        over_time(
            "Seconds of each node",
            "Of the newest training run in which it succeeded.",
            [('max by (node) (sql_retail_node{col="duration_seconds"})', "{{node}}")],
            SECONDS,
            many=True,
        ),
        over_time(
            "Airflow tasks that ended",
            "Tasks of the last hour by state, where Airflow's metrics are collected.",
            [('sum by (state) (increase({__name__=~"airflow_ti_finish(_total)?"}[1h]))', "{{state}}")],
            COUNT,
            empty="no metrics of Airflow are collected",
        ),
        over_time(
            "Findings of the gates",
            "Checks of the newest training and planning run that warned or stopped.",
            [
                (
                    'sum by (of, verdict) (sql_retail_gate_checks{verdict=~"warn|stop"})',
                    "{{of}}: {{verdict}}",
                )
            ],
            COUNT,
            empty="no findings",
        ),
        over_time(
            "Out of stock",
            "Share of products and stores that were without stock at some time of the newest period.",
            [("retail:out_of_stock:ratio", "out of stock")],
            PERCENT,
        ),
    ],
)

_MACHINE = Row(
    "Machines, store and exporters",
    [
        over_time(
            "Room on disks",
            "Share that is free; the line is where an alert rings.",
            [("retail:disk_free:ratio", "{{instance}} {{mountpoint}}")],
            PERCENT,
            thresholds=at_least(_BOUNDS["disk"]),
        ),
        over_time(
            "Memory to spare",
            "Share of the machine's memory that programs can still get; the line is where an alert rings.",
            [("node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes", "{{instance}}")],
            PERCENT,
            thresholds=at_least(_BOUNDS["memory"]),
        ),
        over_time(
            "Connections to PostgreSQL",
            "Connections of all programs, by what they do.",
            [("sum by (state) (pg_stat_activity_count)", "{{state}}")],
            COUNT,
        ),
        over_time(
            "What answers",
            "1 while Prometheus gets an answer, 0 while it does not.",
            [("min by (job, instance) (up)", "{{job}} {{instance}}")],
            "none",
        ),
    ],
)

BOARD = Board(
    folder="operations",
    uid="retail-platform",
    title="Platform",
    description="Are services, exporters, machines and the schedule well?",
    rows=[_NOW, _SERVICE, _PIPELINE, _MACHINE],
    since="now-24h",
)
