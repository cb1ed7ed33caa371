"""Trains both models, judges them, and pushes the pair or refuses it: a task for each TFX node."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, Param, TriggerRule
from retail.assets import MODEL_PAIR, RETRAINING
from retail.description import read
from retail.runs import run_id_of, why
from retail.settings import settings
from retail.tasks import NOT_AT_ONCE, RUN, Tasks, defaults

_platform = settings()
_pipeline = read(_platform.description)
_tasks = Tasks(_pipeline, _platform)

with DAG(
    "training",
    description="New models from the newest data",
    doc_md="""
### Training

Runs every Monday at 03:00 UTC, and when the asset `retraining` gets an event, which `planning` sends with its reasons
once they are due; where new pairs are challengers first, only then, since each would take the place of the one that is
tried. Why it ran is on the page of the run. `begin` looks the data through and
compiles the pipeline of this run; each TFX node is a task; `finish` writes the run's page and metrics.

A refused batch or pair fails the run without another try; the earlier pair goes on serving. Anything else is tried
again: what was complete is kept, what was half-written is removed first.
""",
    schedule=[RETRAINING]
    if _pipeline.challengers
    else AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 3 * * 1", timezone="UTC", run_immediately=NOT_AT_ONCE),
        assets=[RETRAINING],
    ),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    default_args=defaults(_pipeline, _platform),
    user_defined_macros={"retail_run": run_id_of, "retail_why": why},
    params={
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date",
            title="As of",
            description="Train as if this were the last date.",
        ),
        "re_baseline": Param(
            "",
            type="string",
            maxLength=500,
            title="Re-baseline",
            description="Judge without the pair that serves now, for this reason. Empty: judge against it.",
        ),
        "because": Param(
            "",
            type="string",
            maxLength=500,
            title="Because",
            description="Why it is started by hand; kept with the run.",
        ),
    },
    tags=["retail-inventory"],
) as dag:
    begin = _tasks.command(
        "begin",
        _pipeline.command("compile", "--run", RUN, data=True, config=True),
        "Looks the data through and compiles this run's pipeline. Tried again, it keeps what it compiled.",
        options={
            "--as-of": "{{ params.as_of or '' }}",
            "--reason": "{{ params.re_baseline }}",
            "--because": "{{ retail_why(dag_run, triggering_asset_events, params.because) }}",
        },
    )
    nodes = _tasks.nodes(_pipeline.nodes)
    begin >> [node for node in nodes if not node.upstream_task_ids]
    finish = _tasks.command(
        "finish",
        _pipeline.command("finish-run", "--run", RUN, config=True),
        "Writes the run's summary, page and metrics, refused or not. Fails where no pair was pushed.",
        trigger_rule=TriggerRule.ALL_DONE,
        outlets=[MODEL_PAIR],
    )
    nodes >> finish
