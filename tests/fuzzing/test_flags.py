"""Any flags of any command: done, or refused with exit code 2 or 3 and a message."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import typer
from hypothesis import example, given, note
from hypothesis import strategies as st
from typer.core import TyperCommand, TyperGroup, TyperOption

from contracts.exit_codes import ExitCode
from pipeline.cli import app as cli
from pipeline.operations.retraining.decision import decide
from pipeline.retraining_options import RetrainingOptions
from pipeline.running.completion import Ending
from store.connections import Connections
from tests.contracts.records.made_up import summary
from tests.fuzzing.bytes_of_files import CORPUS
from tests.fuzzing.telling import fuzzed
from tests.pipeline.operations.retraining.made_up import NOW, figures

NOT_DUE = decide(figures(), RetrainingOptions(), NOW)
LONG_WORK: dict[str, Any] = {
    "pipeline.running.run.run_training": Ending(summary(), ExitCode.SUCCESS),
    "pipeline.sample_data.files.write_sample_data": None,
    "pipeline.operations.serve.serve_pair": None,
    "pipeline.running.node_server.NodeServer.serve": None,
    "pipeline.engine.worker.work": None,
    "store.server.EmbeddedServer.stay": Connections(owner="", writer="", reader=""),
    "store.server.EmbeddedServer.serving": 0,
    "pipeline.orders.actuals.take_up_actuals": (None, None, None, ()),
    "pipeline.operations.retraining.weighing.weigh": NOT_DUE,
}
"""What a command does once its flags are in order, where that takes seconds; and what that returns."""

ODD = (
    "", " ", "-", "--", "0", "1", "-1", "7", "1e3", "1e999", "nan", "inf", "9" * 25, "0x10", "W", "d", "2025-03-05",
    "2025-02-30", "20250305", "0001-01-01", "9999-12-31", "é", "\u2028", "[/red]", "%s", "{x}", "*", "[a]", "x" * 300,
    "a\nb", "S1", "P1", "demand_forecasting", "RetailExampleGen", "20260101T000000Z-1", "../..", "/", "~", "/dev/null",
    "/proc/1",
)  # fmt: skip
PLACES = (
    "@data",
    "@bad",
    "@empty",
    "@file",
    "@missing/deep",
    "@config.yaml",
    "@wrong.yaml",
    "@overrides.csv",
    "@binary",
)


def _commands(
    group: TyperGroup, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from _commands(command, (*before, name))
        elif isinstance(command, TyperCommand):
            yield (*before, name), command


_GROUP = typer.main.get_command(cli.app)
assert isinstance(_GROUP, TyperGroup)
COMMANDS = list(_commands(_GROUP))


@st.composite
def calls(draw: st.DrawFn) -> list[str]:
    """A command with some of its flags, each with a value that may or may not be one of it."""
    name, command = draw(st.sampled_from(COMMANDS))
    words = list(name)
    for parameter in command.params:
        if not draw(st.integers(0, 3)) if parameter.required else draw(st.booleans()):
            continue
        flag = [max(parameter.opts, key=len)] if isinstance(parameter, TyperOption) else []
        if flag == ["--help"]:
            continue
        if getattr(parameter, "is_flag", False):
            words += flag
        else:
            words += [*flag, draw(st.sampled_from(PLACES) if draw(st.booleans()) else st.sampled_from(ODD))]
    further = draw(st.sampled_from([[]] * 9 + [["--no-such-flag"], ["more"], ["--help"], ["-"]]))
    return [*words, *further]


@pytest.fixture(scope="module", autouse=True)
def _short() -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for name, returned in LONG_WORK.items():
            stack.enter_context(mock.patch(name, mock.MagicMock(return_value=returned)))
        yield


@fuzzed
@given(calls())
@example(["doctor"])
@example(["sample-data", " ", "--until", "0001-01-01"])
@example(["backup", "--workspace", "-", "--out", "@data", "--verify"])
def test_flags(words: list[str]) -> None:
    note(f"retail-inventory {words}")
    with tempfile.TemporaryDirectory() as place:
        folder = _made(Path(place))
        code, said = _call([f"{folder}/{word[1:]}" if word[:1] == "@" else word for word in words], folder)
    allowed = {ExitCode.SUCCESS, ExitCode.USAGE, ExitCode.REFUSED}
    if "--exit-code" in words:  # the schema is to be changed
        allowed.add(ExitCode.FAILURE)
    if words[0] == "retraining":
        allowed.add(ExitCode.NOT_DUE)
    assert code in allowed, f"{code}: {said}"
    assert "Traceback" not in said, said
    if code:
        assert len(said.split()) > 3, said


def _made(folder: Path) -> Path:
    for name in ("data", "bad", "empty"):
        (folder / name).mkdir(exist_ok=True)
    for name, text in CORPUS.items():
        (folder / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    (folder / "bad" / "sales_data.csv").write_text("date,store_id\n1,2,3\n")
    (folder / "file").write_text("x")
    (folder / "config.yaml").write_text("windows: {history: 4, horizon: 2, minimum_history: 3}\n")
    (folder / "wrong.yaml").write_text("windows: [1\n")
    (folder / "overrides.csv").write_text("store_id,product_id\n")
    (folder / "binary").write_bytes(bytes(range(256)))
    return folder


def _call(words: list[str], folder: Path) -> tuple[Any, str]:
    out, err, here = io.StringIO(), io.StringIO(), Path.cwd()
    with (
        mock.patch.object(sys, "argv", ["retail-inventory", *words]),
        mock.patch.dict(os.environ, {"COLUMNS": "200"}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        os.chdir(folder)
        try:
            cli.main()
            code: Any = 0
        except SystemExit as end:
            code = end.code or 0
        finally:
            os.chdir(here)
    return code, out.getvalue() + err.getvalue()
