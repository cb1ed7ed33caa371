"""What an orchestrator calls: the description of the pipeline, and the beginning and the end of a run."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)

from contracts import nodes
from contracts.durable import replace_file
from contracts.exit_codes import ExitCode
from pipeline.assembly.compiling import prepare
from pipeline.config import Config
from pipeline.orders.planning_run import begin_planning
from pipeline.running.completion import Ending, finish
from pipeline.running.node import connection, node_ids
from pipeline.running.one_node import read_pipeline, results
from pipeline.running.run_folder import PIPELINE_FILE, RunFolder
from pipeline.running.store_run import store_beginning
from pipeline.workspace import Workspace
from store.connections import connect
from store.opening import opened

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

FOLDER, DESCRIPTION_FILE = "pipeline", "pipeline.json"

GROUPS = {
    "data": (
        nodes.SCHEMA_GEN, nodes.EXAMPLE_GEN, nodes.STATISTICS_GEN, nodes.TRAINED_ROWS, nodes.DATA_GATE,
    ),
    "windows": (nodes.EARLIER_SPANS, nodes.WINDOWING, nodes.TRANSFORM),
    "models": (*nodes.TRAINERS.values(), nodes.WATCH_TRAINER),
    "judgement": (
        *nodes.LATEST_MODELS.values(), *nodes.EVALUATORS.values(), nodes.POLICY_COMPARISON,
        nodes.SERVING_VALIDATOR, *nodes.INFRA_VALIDATORS.values(), nodes.MODEL_GATE, nodes.WATCH_EVALUATOR,
    ),
    "serving": (nodes.PAIR_PUSHER, nodes.METRICS_EXPORTER),
}  # fmt: skip
"""The parts of the house, in the order of the data's way through it."""
FINAL = {ExitCode.USAGE: "cannot be done as asked", ExitCode.REFUSED: "refused"}
"""Exit codes that trying again does not change, and what they say."""
SKIPPED = {ExitCode.NOT_DUE: "nothing is due"}
"""Exit codes of a command that found nothing to do, and what they say."""
Purpose = Literal["training", "planning"]
_NO_RUN = "00000000T000000Z-0"
HEAVY = frozenset({nodes.TRANSFORM, *nodes.TRAINERS.values(), nodes.WATCH_TRAINER})
"""Nodes that use more than one core for long, so that two of them are not to run side by side on two cores."""


def describe(data: Path, workspace: Workspace, config: Config, config_file: Path | None, today: date) -> Path:
    """Writes the pipeline as an orchestrator reads it, beside the compiled TFX pipeline.

    Args:
        data: folder that the runs will read.
        config_file: where the configuration was read from; the commands are given it.
        today: dates after it are no dates that data can have.

    Returns:
        The description: JSON with program, data, workspace, config, the final exit codes and those that skip, the gate
        that planning too asks, whether new pairs are challengers first, and for each node id, group, upstream and
        heavy.

    Raises:
        UserError: the folder, the store or the configuration cannot be used.
    """
    workspace.create()
    compiled = prepare(data, workspace, config, _NO_RUN, today)
    group_of = {node: group for group, nodes in GROUPS.items() for node in nodes}
    content: dict[str, Any] = {
        "name": config.name,
        "program": [sys.executable, "-m", "pipeline"],
        "data": str(data.resolve()),
        "workspace": str(workspace.root),
        "config": str(config_file.resolve()) if config_file else None,
        "final_exit_codes": FINAL,
        "skipped_exit_codes": SKIPPED,
        "gate": nodes.DATA_GATE,
        "challengers": config.promotion.mode == "challenger",
        "nodes": [
            {"id": node, "group": group_of[node], "upstream": sorted(upstream), "heavy": node in HEAVY}
            for node, upstream in node_ids(compiled).items()
        ],
    }
    folder = workspace.root / FOLDER
    folder.mkdir(exist_ok=True)
    replace_file(folder / PIPELINE_FILE, compiled.SerializeToString())
    return replace_file(folder / DESCRIPTION_FILE, json.dumps(content, indent=1) + "\n")


def begin(
    data: Path,
    run: RunFolder,
    config: Config,
    today: date,
    re_baseline: str = "",
    purpose: Purpose = "training",
    because: str = "",
) -> bool:
    """Compiles the pipeline of one run; returns whether that was still to be done.

    A run that was compiled stays as it is, so a second try does not see other data than the first.

    Args:
        data: folder with the files of the data contract.
        today: dates after it are no dates that data can have.
        re_baseline: why the pair that serves now does not count this time; empty where it does.
        purpose: what the store calls the run; one for planning ends at the data gate.
        because: why it runs; on its page and in its summary.

    Raises:
        UserError: the folder, the store or the configuration cannot be used.
    """
    run.workspace.create()
    if run.compiled:
        return False
    compiled = prepare(data, run.workspace, config, run.run_id, today, re_baseline)
    if purpose == "planning":
        with opened(run.workspace.store) as connections, connect(connections.writer) as store:
            begin_planning(store, run.run_id, config.data.period_days)
    else:
        store_beginning(run.run_id, run.workspace, config, because, re_baseline, by="compile")
    run.keep_because(because)
    run.keep(compiled.SerializeToString())
    return True


def end(run: RunFolder, config: Config, collector: Collector | None = None) -> Ending:
    """Writes summary, page and rows of a run whose nodes have ended.

    Args:
        collector: takes the trace of the run.

    Raises:
        UserError: the run was not compiled.
    """
    metadata_config = connection(read_pipeline(run))
    return finish(run.run_id, run.workspace, config, metadata_config, results(run), collector, run.because)
