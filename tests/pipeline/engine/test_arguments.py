"""What follows for Beam from the configured engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UserError
from pipeline.compat import beam_arguments
from pipeline.config import Config, load_config
from pipeline.engine.arguments import WORKER, arguments_of
from pipeline.engine.flags import value_of, with_variables

CLUSTER = {"name": "flink", "job_endpoint": "127.0.0.1:8099", "flink_master": "127.0.0.1:8081"}


def flink(**more: Any) -> list[str]:
    return arguments_of(Config.model_validate({"engine": {**CLUSTER, **more}}))


def test_without_a_setting_the_work_is_done_here() -> None:
    here = arguments_of(Config())
    assert here == beam_arguments() == arguments_of(Config.model_validate({"engine": {"name": "local"}}))


def test_an_experts_options_are_passed_on_as_they_are() -> None:
    assert arguments_of(Config.model_validate({"beam_arguments": ["--runner=Mine"]})) == ["--runner=Mine"]


def test_a_cluster_is_all_that_needs_to_be_said() -> None:
    found = flink(parallelism=3)
    said = {name: value_of(found, name) for name in ("runner", "job_endpoint", "flink_master", "parallelism")}
    assert said == {
        "runner": "PortableRunner", "job_endpoint": "127.0.0.1:8099", "flink_master": "127.0.0.1:8081",
        "parallelism": "3",
    }  # fmt: skip
    assert value_of(found, "environment_type") == "PROCESS"
    started = json.loads(value_of(found, "environment_config") or "")
    assert started == {"command": str(Path(sys.executable).with_name(WORKER))}
    # Without any word on it TFX would pack itself for the workers.
    assert value_of(found, "sdk_container_image") and int(value_of(found, "environment_cache_millis") or 0)


def test_a_worker_may_lie_elsewhere_and_loopback_has_none() -> None:
    elsewhere = value_of(flink(worker_command="/opt/retail/worker"), "environment_config")
    assert json.loads(elsewhere or "") == {"command": "/opt/retail/worker"}
    assert value_of(flink(environment="loopback"), "environment_type") == "LOOPBACK"
    assert value_of(flink(environment="loopback"), "environment_config") is None


def test_variables_are_for_workers_that_are_started() -> None:
    found = with_variables(with_variables(flink(), {"A": "1"}), {"B": "2"})
    assert json.loads(value_of(found, "environment_config") or "")["env"] == {"A": "1", "B": "2"}
    loopback = flink(environment="loopback")
    assert with_variables(loopback, {"A": "1"}) == loopback


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("engine: {name: spark}", "engine.name"),
        ("engine: {name: flink}", "flink needs job_endpoint and flink_master too"),
        ("engine: {name: flink, job_endpoint: 'a:1'}", "flink needs flink_master too"),
        ("engine: {parallelism: 2}", "parallelism: only with name: flink"),
        ("engine: {name: flink, job_endpoint: a, flink_master: 'a:1'}", "engine.job_endpoint"),
        ("engine: {name: flink, job_endpoint: 'a:1', flink_master: 'http://a:1'}", "engine.flink_master"),
        ("engine: {name: flink, job_endpoint: 'a:1', flink_master: 'me@a:1'}", "engine.flink_master"),
        ("engine: {name: flink, job_endpoint: 'a:1', flink_master: 'a:70000'}", "engine.flink_master"),
        (
            "engine: {name: flink, job_endpoint: 'a:1', flink_master: 'a:1', worker_command: w}",
            "the whole path",
        ),
        ("engine: {name: local}\nbeam_arguments: [--runner=Mine]", "give one of the two"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=words):
        load_config(tmp_path / "config.yaml")
