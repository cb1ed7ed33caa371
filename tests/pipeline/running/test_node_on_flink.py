"""Where a node's work is done is no part of its cache key, and is what its executor is told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
from tfx.dsl.components.base import executor_spec
from tfx.orchestration.portable import beam_executor_operator
from tfx.proto.orchestration import executable_spec_pb2, pipeline_pb2

from components.windowing.executor import Executor
from contracts.errors import SystemFault
from pipeline.compat import beam_arguments
from pipeline.config import Config
from pipeline.engine.arguments import arguments_of
from pipeline.running.node_on_flink import on_flink
from tests.pipeline.engine.test_jobs import free_port


def spec(arguments: list[str]) -> executable_spec_pb2.BeamExecutableSpec:
    """As a pipeline is compiled."""
    made = executor_spec.BeamExecutorSpec(Executor)
    made.add_beam_pipeline_args(arguments)
    return made.encode()


def run(root: Path) -> pipeline_pb2.Pipeline:
    made = pipeline_pb2.Pipeline()
    made.pipeline_info.id = "shop"
    made.runtime_spec.pipeline_root.field_value.string_value = str(root)
    made.runtime_spec.pipeline_run_id.field_value.string_value = "20260101T000000Z-1"
    return made


def test_tfx_sees_the_same_executor_wherever_the_work_is_done(tmp_path: Path) -> None:
    engine = {"name": "flink", "job_endpoint": "127.0.0.1:1", "flink_master": "127.0.0.1:2"}
    there = arguments_of(Config.model_validate({"engine": engine}))
    found, operators = on_flink(spec(there), run(tmp_path), "Windowing")
    assert found == spec(beam_arguments()) and operators
    assert on_flink(spec(beam_arguments()), run(tmp_path), "Windowing") == (spec(beam_arguments()), None)


def test_the_executor_is_not_called_where_the_cluster_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []
    monkeypatch.setattr(
        beam_executor_operator.BeamExecutorOperator, "run_executor", lambda *given: called.append(given)
    )
    engine = {
        "name": "flink", "job_endpoint": f"127.0.0.1:{free_port()}", "flink_master": f"127.0.0.1:{free_port()}",
    }  # fmt: skip
    there = arguments_of(Config.model_validate({"engine": engine}))
    found, operators = on_flink(spec(there), run(tmp_path), "Windowing")
    assert operators
    operator = operators[type(found)](found)
    with pytest.raises(
        SystemFault, match=f"engine.flink_master {engine['flink_master']}: no JobManager answers"
    ):
        operator.run_executor(SimpleNamespace(exec_properties={}))
    assert called == []
