"""From a folder of data to the compiled pipeline of one run."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
from tfx.dsl.compiler import compiler
from tfx.orchestration.portable import runtime_parameter_utils
from tfx.proto.orchestration import pipeline_pb2

from contracts import nodes
from pipeline.assembly.pipeline import build_pipeline
from pipeline.config import Config
from pipeline.inputs.as_of import settle_as_of
from pipeline.inputs.batch import find_batch
from pipeline.workspace import Workspace
from store.opening import choose

_NEVER_CACHED = frozenset({nodes.METRICS_EXPORTER, nodes.PAIR_PUSHER})
"""What writes outside of the artifacts: each run has rows of its own there, and somebody may have rolled back."""


def prepare(
    data: Path, workspace: Workspace, config: Config, run_id: str, today: date, re_baseline: str = ""
) -> pipeline_pb2.Pipeline:
    """Looks the batch through and compiles the pipeline that trains on it.

    Args:
        data: folder with the files of the data contract.
        workspace: where everything goes.
        today: dates after it are no dates that data can have.
        re_baseline: why the pair that serves now does not count this time; empty where it does.

    Raises:
        UserError: the folder, the store or the configuration cannot be used.
    """
    choose(workspace.store, config.store_address)
    config, _ = settle_as_of(data, config, later_is_last=True)
    batch = find_batch(data.resolve(), config, workspace)
    compiled = compiler.Compiler().compile(build_pipeline(config, workspace, batch, today, re_baseline))
    return for_run(compiled, run_id)


def for_run(compiled: pipeline_pb2.Pipeline, run_id: str) -> pipeline_pb2.Pipeline:
    """A copy of the compiled pipeline with the run's id filled in."""
    pipeline = pipeline_pb2.Pipeline()
    pipeline.CopyFrom(compiled)
    runtime_parameter_utils.substitute_runtime_parameter(pipeline, {"pipeline-run-id": run_id})
    for node in pipeline.nodes:
        if node.pipeline_node.node_info.id in _NEVER_CACHED:
            node.pipeline_node.execution_options.caching_options.enable_cache = False
    return pipeline
