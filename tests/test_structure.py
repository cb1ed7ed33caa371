"""A stranger finds their way: no folder and no file is too long to look through."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

from tests.places import ROOT

MODULES, LINES = 15, 300
MADE = {"build", "workspace"}
"""Folders of what commands write."""
GROWING = {ROOT / "store" / "migrations" / "versions"}
"""Folders that only ever grow, of files that nobody looks through: a migration that was released stays as it is."""
REASON = "Over 300 lines: "
"""What a module's docstring says where it is longer all the same."""


def sources() -> list[Path]:
    rooms = [
        path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in MADE
    ]
    found = [path for room in rooms for path in room.rglob("*.py")]
    assert len(found) > 400
    return found


def test_no_folder_holds_too_many_modules() -> None:
    count = Counter(path.parent for path in sources() if path.name != "__init__.py")
    assert {str(folder): n for folder, n in count.items() if n > MODULES and folder not in GROWING} == {}


def test_a_long_file_says_why() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in sources()}
    long = {path: text for path, text in texts.items() if text.count("\n") > LINES}
    said = {path: ast.get_docstring(ast.parse(text)) or "" for path, text in long.items()}
    assert [str(path) for path, docstring in said.items() if REASON not in docstring] == []


def test_no_mark_of_a_merge_is_left() -> None:
    texts = [
        path
        for ending in ("*.md", "*.yml", "*.yaml", "*.sh", "*.toml")
        for path in (*ROOT.glob(ending), *(ROOT / "docs").rglob(ending), *(ROOT / "deploy").rglob(ending))
    ]
    marks = tuple(7 * sign for sign in "<>")
    found = [
        str(path)
        for path in [*sources(), *texts]
        if any(line.startswith(marks) for line in path.read_text(encoding="utf-8").splitlines())
    ]
    assert len(texts) > 20 and found == []
