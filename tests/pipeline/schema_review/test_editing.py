from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from components.example_generation.report import IngestReport
from contracts.errors import SystemFault, UserError
from pipeline.config import Config
from pipeline.sample_data.files import write_sample_data
from pipeline.schema_review import editing
from pipeline.schema_review.text import parse
from schema import ROWS
from tests.pipeline import warm


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schema") / "data"
    write_sample_data(folder, stores=1, products=3, periods=120, seed=1)
    return folder


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    copy = tmp_path / "rows.pbtxt"
    copy.write_text(ROWS.read_text())
    return copy


def test_a_feature_is_accepted_and_the_rest_of_the_file_stays(data: Path, schema: Path) -> None:
    before = schema.read_text()
    editing.accept(data, Config(), schema, ["temperature", "date"], lambda read: None)
    after = schema.read_text()
    assert after.startswith(before) and parse(after).feature[-1].name == "temperature"
    editing.accept(data, Config(), schema, ["temperature"], lambda read: None)
    assert schema.read_text() == after


def test_an_unknown_feature_is_told_with_what_there_is(data: Path, schema: Path) -> None:
    before = schema.read_text()
    read: list[IngestReport] = []
    with pytest.raises(
        UserError, match=r"temprature.*can be accepted: event, holiday, precipitation, temperature"
    ):
        editing.accept(data, Config(), schema, ["temperature", "temprature"], read.append)
    assert schema.read_text() == before
    assert len(read) == 1  # what was read is told, though nothing came of it


def test_a_draft_is_never_written_over_a_file(data: Path, schema: Path) -> None:
    with pytest.raises(UserError, match="exists"):
        editing.infer(data, Config(), schema, lambda read: None)


def test_a_broken_schema_is_told_with_its_place(data: Path, schema: Path) -> None:
    schema.write_text("feature {\n  nam: 'x'\n}\n")
    with pytest.raises(UserError, match=r"rows\.pbtxt: is no schema.*2:"):
        editing.diff(data, Config(), schema, lambda read: None)


def test_a_write_that_fails_leaves_the_file_as_it_was(schema: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = schema.read_text()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SystemFault, match="No space left"):
        editing.write_whole(schema, "feature {}")
    assert schema.read_text() == before
    assert [path.name for path in schema.parent.iterdir()] == ["rows.pbtxt"]


def test_the_commands_and_their_exit_codes(data: Path, schema: Path, tmp_path: Path) -> None:
    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return warm.command(["schema", *arguments])

    shown = call("diff", "--data", str(data), "--schema", str(schema), "--exit-code")
    assert shown.returncode == 1, shown.stderr
    assert '+  name: "temperature"' in shown.stdout and "is not in the schema; 3" in shown.stdout
    names = ["event", "holiday", "precipitation", "temperature"]
    accepted = call("accept", *names, "--data", str(data), "--schema", str(schema))
    assert accepted.returncode == 0, accepted.stderr
    same = call("diff", "--data", str(data), "--schema", str(schema), "--exit-code")
    assert same.returncode == 0 and "need no change" in same.stdout
    draft = call("infer", "--data", str(data), "--out", str(tmp_path / "draft.pbtxt"))
    assert draft.returncode == 0 and parse((tmp_path / "draft.pbtxt").read_text()).feature
