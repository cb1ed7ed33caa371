"""What a person sees while a run goes on."""

from __future__ import annotations

import contextlib
import io

from rich.console import Console

from pipeline.cli.output.progress import Progress
from pipeline.node_result import NodeResult

RUNNING = [NodeResult("Transform", "ran", 2.0), NodeResult("DemandTrainer", "running", 1.0)]
ENDED = [RUNNING[0], NodeResult("DemandTrainer", "failed", 3.0)]


def test_a_log_has_a_line_for_each_node_that_ended_and_the_table_at_the_end() -> None:
    screen = io.StringIO()
    with Progress(Console(file=screen, width=100)) as progress:
        progress(RUNNING)
        progress(RUNNING)
        assert [line.split() for line in screen.getvalue().splitlines()] == [["Transform", "ran", "2.0", "s"]]
        progress(ENDED)
    lines = [line.split() for line in screen.getvalue().splitlines()]
    assert lines[1] == ["DemandTrainer", "failed", "3.0", "s"]
    assert lines[2:] == [
        ["component", "state", "seconds", "peak", "MiB"],
        ["Transform", "ran", "2.0"],
        ["DemandTrainer", "failed", "3.0"],
    ]


def test_what_was_said_before_stays_above_the_table_of_a_terminal() -> None:
    screen = io.StringIO()
    console = Console(file=screen, width=100, force_terminal=True, highlight=False)
    with Progress(console) as progress:
        console.print("run r1 in /w")
        progress(RUNNING)
        progress(ENDED)
    text = screen.getvalue()
    assert text.startswith("run r1 in /w\n")
    assert "failed" in text and text.index("Transform") > text.index("run r1")


def test_a_run_that_is_broken_off_has_no_table() -> None:
    screen = io.StringIO()
    with contextlib.suppress(KeyboardInterrupt), Progress(Console(file=screen)) as progress:
        progress(RUNNING)
        raise KeyboardInterrupt
    assert "component" not in screen.getvalue()
