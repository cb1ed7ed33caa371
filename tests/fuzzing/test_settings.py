"""Any document in the place of the configuration: used, or refused with the file and the setting."""

from __future__ import annotations

import copy
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, note
from hypothesis import strategies as st

from contracts.errors import DataRejected, UserError
from pipeline.config import Config, load_config
from pipeline.orders.windows import write_windows
from tests.fuzzing.bytes_of_files import CORPUS, damaged
from tests.fuzzing.telling import assert_said, fuzzed

WHOLE: dict[str, Any] = Config().model_dump(
    mode="json", exclude={"schema_file", "severity_file", "database_url"}
)
ODD_VALUES: st.SearchStrategy[object] = st.sampled_from([
    None, True, False, 0, 1, 2, 7, -1, 10**9, 10**30, -(10**30), 0.5, 1e308, 5e-324, float("nan"), float("inf"),
    "", " ", "7", "seven", "D", "W", "on", "1e3", "0x10", "2025-02-30", "\x00", "é" * 300, [], [1], [0.5, "x"],
    ["holiday", "holiday"], {}, {"a": 1}, [[[]]], "[/red]", "{x}", "%s",
])  # fmt: skip
NAMES = st.sampled_from(["", "windws", "Windows", "data ", "é", "0", "null", "a.b", "__class__"])


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A valid configuration with some settings changed or renamed, and sometimes its text damaged."""
    made = copy.deepcopy(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        section = draw(st.sampled_from(sorted(made, key=str)))
        inside = made[section]
        if isinstance(inside, dict) and inside and draw(st.booleans()):
            made[section] = _changed(draw, inside)
        else:
            made = _changed(draw, made)
    text = yaml.safe_dump(made, allow_unicode=True)
    if draw(st.integers(0, 3)):
        return text.encode("utf-8", "replace")
    odd = st.sampled_from(
        ["\t", "!!python/object:os.system x", "&a [*a]", "? ", "---\n---\n", "<<: *x", "- x\n", "\ufeff", "@"]
    )
    offset = draw(st.integers(0, len(text)))
    return draw(damaged((text[:offset] + draw(odd) + text[offset:]).encode("utf-8", "replace")))


def _changed(draw: st.DrawFn, mapping: dict[str, Any]) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(mapping, key=str)))
    kind = draw(st.sampled_from(["value", "value", "value", "renamed", "gone", "further"]))
    made = dict(mapping)
    if kind == "value":
        made[name] = draw(ODD_VALUES)
    elif kind == "further":
        made[draw(NAMES)] = draw(ODD_VALUES)
    else:
        value = made.pop(name)
        if kind == "renamed":
            made[draw(NAMES)] = value
    return made


@fuzzed
@given(documents())
def test_configurations(content: bytes) -> None:
    note(f"config.yaml holds {content!r}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path = folder / "config.yaml"
        path.write_bytes(content)
        try:
            config = load_config(path)
        except UserError as error:
            _assert_told(error, path)
            return
        (folder / "data").mkdir()
        for name, text in CORPUS.items():
            (folder / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
        try:
            # What is accepted can be used.
            write_windows(folder / "data", folder / "out", config, lambda read: None)
        except (UserError, DataRejected) as error:
            assert_said(error)


def _assert_told(error: UserError, path: Path) -> None:
    """The file is named; and in a line for each setting its name, and what it should be."""
    said, *lines = str(error).splitlines()
    assert str(path) in said, said
    if "setting(s)" not in said:
        return
    assert lines
    for line in lines:
        name, _, rest = line.strip().partition(": ")
        assert name and len(rest.split()) >= 2, line
