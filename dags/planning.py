"""Plans orders every day: scores earlier plans, judges the new data, forecasts and orders."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, Param, TriggerRule
from retail.assets import MODEL_PAIR, PLAN, RETRAINING, SALES_DATA
from retail.description import read
from retail.runs import run_id_of
from retail.settings import settings
from retail.tasks import NOT_AT_ONCE, RUN, Tasks, defaults

_platform = settings()
_pipeline = read(_platform.description)
_tasks = Tasks(_pipeline, _platform)

with DAG(
    "planning",
    description="Orders from the newest data and the pair that serves",
    doc_md="""
### Planning

Runs every day at 05:00 UTC, when the asset `sales_data` gets an event, and when a new pair of models was pushed.
The new data go through the same data gate as for training: what it refuses is not planned from. Planning a date again
replaces its plan and orders nothing twice. `finish` writes how it ended, refused or not.

`retraining` weighs whether the models are still what they were when they were let through; where a training is due it
sends an event of the asset `retraining` with the reasons, else it is skipped.

`challenger`, where new pairs are challengers first, promotes or withdraws the one that is tried, or is skipped; the
next planning orders by what serves then.
""",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 5 * * *", timezone="UTC", run_immediately=NOT_AT_ONCE),
        assets=(SALES_DATA | MODEL_PAIR),
    ),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=4),
    default_args=defaults(_pipeline, _platform),
    user_defined_macros={"retail_run": run_id_of},
    params={
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As of",
            description="Plan as if this were the last date.",
        ),
        "overrides": Param(
            None, type=["null", "string"], title="Overrides", description="CSV of people's own quantities."
        ),
        "order_training": Param(
            "",
            type="string",
            maxLength=500,
            title="Order a training",
            description="Train after this, for this reason, whatever holds one back. Empty: where one is due.",
        ),
    },
    tags=["retail-inventory"],
) as dag:
    as_of = {"--as-of": "{{ params.as_of or '' }}"}
    begin = _tasks.command(
        "begin",
        _pipeline.command("compile", "--run", RUN, "--purpose", "planning", data=True, config=True),
        "Looks the data through and compiles the part of the pipeline that judges them.",
        options=as_of,
    )
    gate = _tasks.nodes(_pipeline.before(_pipeline.gate))
    begin >> [node for node in gate if not node.upstream_task_ids]
    actuals = _tasks.command(
        "actuals",
        _pipeline.command("actuals", data=True, config=True),
        "Holds the new sales against earlier forecasts and orders.",
    )
    plan = _tasks.command(
        "plan",
        _pipeline.command("plan", "--run", RUN, data=True, config=True),
        "Forecasts every store and product and writes the order lines.",
        options={**as_of, "--overrides": "{{ params.overrides or '' }}"},
        heavy=True,
        outlets=[PLAN],
    )
    retraining = _tasks.command(
        "retraining",
        _pipeline.command("retraining", "--run", RUN, "--json", config=True),
        "Decides whether a training is due. Skipped where none is; else the event of its asset has the reasons.",
        options={"--order": "{{ params.order_training }}"},
        outlets=[RETRAINING],
        tells=True,
    )
    finish = _tasks.command(
        "finish",
        _pipeline.command("finish-planning", "--run", RUN),
        "Writes to the store how the planning ended and what the data gate found. Fails where there is no plan.",
        trigger_rule=TriggerRule.ALL_DONE,
    )
    gate >> actuals >> [plan, retraining]
    if _pipeline.challengers:
        actuals >> _tasks.command(
            "challenger",
            _pipeline.command("challenger", "--run", RUN, config=True),
            "Promotes or withdraws the pair that is tried beside the one that serves. Skipped while neither is shown.",
        )
    [*gate, plan] >> finish
