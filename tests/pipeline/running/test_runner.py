"""The runner with real processes; what a node does is put in the place of TFX."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tfx.proto.orchestration import pipeline_pb2

from contracts.errors import DataRejected, Problem, SystemFault, UserError
from pipeline.node_result import NodeResult
from pipeline.running import node_process, runner
from pipeline.telemetry.logs import Logs


def pipeline_of(edges: dict[str, list[str]]) -> pipeline_pb2.Pipeline:
    pipeline = pipeline_pb2.Pipeline()
    for name, upstream in edges.items():
        node = pipeline.nodes.add().pipeline_node
        node.node_info.id = name
        node.upstream_nodes.extend(upstream)
    return pipeline


DIAMOND = {"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}


def run(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    act: Callable[[str], object],
    edges: dict[str, list[str]] = DIAMOND,
    workers: int = 2,
) -> dict[str, NodeResult]:
    monkeypatch.setattr(node_process, "run_node", lambda pipeline, node: act(node))
    return {
        result.node: result
        for result in runner.run_pipeline(pipeline_of(edges), Logs("a-run", tmp_path), workers)
    }


def test_nodes_run_after_those_they_depend_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    trace = tmp_path / "trace"

    def act(node: str) -> str:
        with trace.open("a") as file:
            file.write(f"{node} ")
        time.sleep(0.1)
        return "cached" if node == "a" else "ran"

    results = run(monkeypatch, tmp_path, act)

    order = trace.read_text().split()
    assert order[0] == "a" and order[-1] == "d" and set(order) == set(DIAMOND)
    assert [result.state for result in results.values()] == ["cached", "ran", "ran", "ran"]
    assert all(result.seconds >= 0.1 and result.peak_mib > 0 for result in results.values())


@pytest.mark.parametrize("killed", [False, True])
def test_temporary_files_of_a_node_go_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, killed: bool
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    def act(node: str) -> str:
        name = tempfile.mkstemp()[1]
        (tmp_path / "seen").write_text(name)
        assert os.environ["TMPDIR"] == str(Path(name).parent)
        if killed:
            os.kill(os.getpid(), signal.SIGKILL)
        return "ran"

    results = run(monkeypatch, tmp_path, act, {"a": []})

    assert results["a"].state == ("failed" if killed else "ran")
    assert (tmp_path / "seen").read_text().startswith(f"{tmp_path / 'temporary' / node_process.SCRATCH}")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_child_that_cannot_flush_its_output_does_not_go_on_as_its_parent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def act(node: str) -> str:
        if node == "a":
            sys.stdout.close()
        time.sleep(0.5)
        return "ran"

    results = run(monkeypatch, tmp_path, act, {"a": [], "b": [], "c": ["b"]})
    # As its parent it would end the other nodes.
    assert results["b"].state == results["c"].state == "ran"


def test_independent_nodes_run_side_by_side_and_no_more_than_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def act(node: str) -> str:
        mine = tmp_path / f"here-{node}"
        mine.touch()
        time.sleep(0.3)
        (tmp_path / f"seen-{node}").write_text(str(len(list(tmp_path.glob("here-*")))))
        time.sleep(0.2)
        mine.unlink()
        return "ran"

    edges: dict[str, list[str]] = {name: [] for name in "abcd"}
    run(monkeypatch, tmp_path, act, edges, workers=2)
    assert max(int(path.read_text()) for path in tmp_path.glob("seen-*")) == 2


def test_a_failure_starts_nothing_more_and_lets_running_nodes_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def act(node: str) -> str:
        if node == "b":
            raise RuntimeError("no space left\nsecond line")
        time.sleep(0.3)
        return "ran"

    results = run(monkeypatch, tmp_path, act)

    assert {name: result.state for name, result in results.items()} == {
        "a": "ran",
        "b": "failed",
        "c": "ran",
        "d": "skipped",
    }
    assert results["b"].reason == "RuntimeError: no space left"
    assert "Traceback" in (tmp_path / "b.log").read_text()


def test_refused_data_comes_back_with_every_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    problems = [
        Problem(
            "sales_data.csv",
            "negative_units",
            "is negative",
            "Mend it",
            "units_sold",
            2,
            (3, 9),
            ("-1", "-2"),
        ),
        *(Problem("products.csv", "long", "x" * 500, "Mend it") for _ in range(500)),
    ]

    def act(node: str) -> str:
        raise DataRejected(problems)

    results = run(monkeypatch, tmp_path, act)
    assert results["a"].state == "refused"
    assert results["a"].problems == problems
    assert results["d"].state == "skipped"


def test_an_impossible_request_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def act(node: str) -> str:
        raise UserError("the spans have different shards")

    results = run(monkeypatch, tmp_path, act)
    assert results["a"].reason == "the spans have different shards" and results["a"].by_user
    assert "Traceback" not in (tmp_path / "a.log").read_text()


@pytest.mark.parametrize(
    ("error", "by_user", "reason"),
    [
        (OSError(28, "No space left on device"), False, "OSError: [Errno 28] No space left on device"),
        (SystemFault("plan.csv: cannot be written"), False, "plan.csv: cannot be written"),
        (UserError("ask otherwise"), True, "ask otherwise"),
        (KeyboardInterrupt(), False, "KeyboardInterrupt: "),
    ],
)
def test_who_can_mend_it_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, by_user: bool, reason: str
) -> None:
    def act(node: str) -> str:
        raise error

    result = run(monkeypatch, tmp_path, act, {"a": []})["a"]
    assert (result.state, result.by_user, result.reason) == ("failed", by_user, reason)


def test_a_node_tells_how_it_ended_though_the_disk_is_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing can be written: not even the log is there."""
    (tmp_path / "a.log").mkdir()
    result = run(monkeypatch, tmp_path, lambda node: "ran", {"a": []})["a"]
    assert result.state == "failed" and "a.log" in result.reason


def test_a_long_report_comes_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    problems = [Problem("sales_data.csv", "long", "x" * 1000, "Mend it") for _ in range(3000)]

    def act(node: str) -> str:
        raise DataRejected(problems)

    assert run(monkeypatch, tmp_path, act, {"a": []})["a"].problems == problems


def test_a_killed_node_is_a_failure_that_names_the_signal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def act(node: str) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return "ran"

    results = run(monkeypatch, tmp_path, act)
    assert results["a"].state == "failed"
    assert results["a"].reason == "its process ended with signal 9"


def test_a_node_prints_into_its_log_and_not_on_the_screen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def act(node: str) -> str:
        print("from python")
        os.write(2, b"from below python\n")
        return "ran"

    run(monkeypatch, tmp_path, act, {"a": []})
    begun, *printed, ended = (tmp_path / "a.log").read_text().splitlines()
    assert "node begins" in begun and "node ended" in ended
    assert printed == ["from python", "from below python"]
    assert capfd.readouterr() == ("", "")


PARENT = """
import signal, sys, time
# A shell starts its background jobs with SIGINT ignored; a person at a terminal does not.
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from pipeline.running import node_process, runner
from pipeline.telemetry.logs import Logs
from tests.pipeline.running.test_runner import pipeline_of

def act(pipeline, node):
    Path(sys.argv[1], "child").write_text(str(__import__("os").getpid()))
    time.sleep(60)

node_process.run_node = act
runner.run_pipeline(pipeline_of({"a": []}), Logs("a-run", Path(sys.argv[1])), 1)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_no_node_outlives_its_run(tmp_path: Path, how: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stderr=subprocess.DEVNULL)
    child_file = tmp_path / "child"
    deadline = time.monotonic() + 60
    while not (child_file.exists() and child_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    child = int(child_file.read_text())

    parent.send_signal(how)
    parent.wait(20)

    while time.monotonic() < deadline and _alive(child):
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
