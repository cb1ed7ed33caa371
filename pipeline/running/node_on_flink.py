"""A node whose Beam work is done on a Flink cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfx.orchestration.portable import beam_executor_operator, data_types
from tfx.proto.orchestration import executable_spec_pb2, execution_result_pb2, pipeline_pb2

from pipeline.compat import beam_arguments
from pipeline.engine.flags import value_of
from pipeline.engine.submitting import submitted

_INPUT_FOLDER = "input_folder"


def on_flink(
    spec: executable_spec_pb2.BeamExecutableSpec, pipeline: pipeline_pb2.Pipeline, node: str
) -> tuple[executable_spec_pb2.BeamExecutableSpec, Mapping[Any, Any] | None]:
    """How TFX is to run a Beam node: its executor, and operators beside TFX's own; None where it goes to no cluster.

    The executor is part of a node's cache key. Where the work is done changes nothing of what is made, so that one
    which goes to a cluster is given to TFX as one of this machine.
    """
    arguments = [given.value.string_value for given in spec.beam_pipeline_args_placeholders]
    if value_of(arguments, "flink_master") is None:
        return spec, None
    root = Path(pipeline.runtime_spec.pipeline_root.field_value.string_value)
    run = pipeline.runtime_spec.pipeline_run_id.field_value.string_value
    job = f"{pipeline.pipeline_info.id}-{run}-{node}"

    class OnFlink(beam_executor_operator.BeamExecutorOperator):  # TFX makes it, and is given a class.
        def run_executor(
            self, execution_info: data_types.ExecutionInfo, make_beam_pipeline_fn: Any = None
        ) -> execution_result_pb2.ExecutorOutput:
            given = execution_info.exec_properties.get(_INPUT_FOLDER)
            with submitted(arguments, root, job, [Path(given)] if given else []) as ours:
                self.beam_pipeline_args = _placeholders(ours)
                return super().run_executor(execution_info, make_beam_pipeline_fn)

    local = executable_spec_pb2.BeamExecutableSpec()
    local.CopyFrom(spec)
    # TFX says them twice.
    local.ClearField("beam_pipeline_args")
    local.ClearField("beam_pipeline_args_placeholders")
    local.beam_pipeline_args.extend(beam_arguments())
    local.beam_pipeline_args_placeholders.extend(_placeholders(beam_arguments()))
    return local, {executable_spec_pb2.BeamExecutableSpec: OnFlink}


def _placeholders(arguments: list[str]) -> list[Any]:
    made = executable_spec_pb2.BeamExecutableSpec().beam_pipeline_args_placeholders
    for given in arguments:
        made.add().value.string_value = given
    return list(made)
