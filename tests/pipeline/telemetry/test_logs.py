"""Lines of real processes, read back from where they were written."""

from __future__ import annotations

import io
import json
import logging
import os
import signal
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import DataRejected, Problem, UserError
from pipeline.packages import rooms
from pipeline.telemetry.logs import ROOMS, Logs

LOG = logging.getLogger("components.tried")
SECRET = "s3cr3t-9f"


@pytest.fixture
def logs(tmp_path: Path) -> Iterator[Logs]:
    root = logging.getLogger()
    before = root.handlers[:]
    root.handlers = []  # pytest's own would be closed
    yield Logs("20260307T020000Z-1a2b", tmp_path / "logs")
    logging.captureWarnings(False)
    root.handlers = before


def lines(logs: Logs, process: str) -> list[dict[str, Any]]:
    assert logs.folder is not None
    text = (logs.folder / f"{process}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]


def in_child(act: Callable[[], object]) -> None:
    child = os.fork()
    if not child:
        try:
            act()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_a_line_holds_time_level_run_node_event_and_figures(logs: Logs) -> None:
    logs.start("Windowing")
    LOG.info("windows %s", "cut", extra={"windows": {"train": 5}, "share": 0.5, "bias": float("nan")})
    (line,) = lines(logs, "Windowing")
    assert list(line)[:5] == ["time", "level", "run_id", "node", "event"]
    assert line["time"].endswith("+00:00")
    expected = {"level": "info", "run_id": logs.run_id, "node": "Windowing", "event": "windows cut"}
    assert line.items() >= (expected | {"share": 0.5, "bias": None, "logger": LOG.name}).items()
    assert line["windows"] == {"train": 5}


def test_people_read_the_same_without_what_is_the_same_in_each_line(logs: Logs) -> None:
    screen = io.StringIO()
    logs.start("Windowing", screen)
    LOG.info("windows cut", extra={"train": 5})
    assert screen.getvalue().rstrip().endswith("[info] windows cut train=5")


def test_every_room_of_ours_is_heard_from_info_on(logs: Logs) -> None:
    assert {*rooms()} | {"retail_inventory"} == {*ROOMS}
    logs.start("a")
    for room in ROOMS:
        logging.getLogger(f"{room}.x").info("said")
        logging.getLogger(f"{room}.x").debug("not said")
    logging.getLogger("library").info("not said")
    assert [line["event"] for line in lines(logs, "a")] == ["said"] * len(ROOMS)


def test_a_library_warns_once_in_all_processes_of_a_run_and_fails_each_time(logs: Logs) -> None:
    def node(name: str) -> None:
        logs.start(name)
        for number in range(20):
            logging.getLogger("a_library").warning("query %d is not supported", number)
            warnings.warn("old call", stacklevel=1)
            logging.getLogger("a_library").error("failed")
            LOG.warning("ours")

    for name in "abc":
        in_child(partial(node, name))

    said = [line["event"] for name in "abc" for line in lines(logs, name)]
    assert sum("is not supported" in event for event in said) == 1
    assert sum("old call" in event for event in said) == 1
    assert said.count("failed") == said.count("ours") == 60


def test_neither_secrets_nor_people_stand_in_any_output(logs: Logs) -> None:
    screen = io.StringIO()
    logs.start("a", screen)
    LOG.error("cannot reach %s", f"postgresql://writer:{SECRET}@db/retail", extra={"token": SECRET})
    try:
        int(f"password={SECRET} of anna@shop.example")
    except ValueError:
        LOG.exception("unexpected")
    assert logs.folder is not None
    for text in (screen.getvalue(), (logs.folder / "a.jsonl").read_text()):
        assert SECRET not in text and "anna" not in text
        assert "ValueError" in text and "test_logs.py" in text  # the traceback itself is there


def test_refused_data_are_named_without_what_stands_in_them(logs: Logs) -> None:
    problem = Problem("sales.csv", "not_a_number", "is none", "Correct it", "units", 1, (3,), ("Anna Smith",))
    with pytest.raises(DataRejected), logs.command("plan"):
        raise DataRejected([problem])
    *_, last = lines(logs, "plan")
    assert (last["level"], last["event"]) == ("error", "plan refused the data")
    (shown,) = last["problems"]
    assert shown == {"file": "sales.csv", "column": "units", "rule": "not_a_number", "count": 1, "rows": [3]}


def test_a_command_says_how_it_ended_and_leaves_logging_as_it_was(logs: Logs) -> None:
    mine = logging.NullHandler()
    logging.getLogger().handlers = [mine]
    with logs.command("actuals"):
        pass
    with pytest.raises(UserError), logs.command("plan"):
        raise UserError("there is no pushed pair")
    assert [line["event"] for line in lines(logs, "actuals")] == ["actuals begins", "actuals ended"]
    assert lines(logs, "plan")[-1]["reason"] == "there is no pushed pair"
    assert logging.getLogger().handlers == [mine]


def test_a_line_is_in_the_file_before_its_process_is_killed(logs: Logs) -> None:
    def node() -> None:
        logs.start("a")
        LOG.info("the last")
        os.kill(os.getpid(), signal.SIGKILL)

    in_child(node)
    assert [line["event"] for line in lines(logs, "a")] == ["the last"]
