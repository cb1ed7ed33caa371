"""Fingerprints of code: equal for equal sources, another one for any change of what is executed, and for no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.assembly.fingerprint import _sources, code_fingerprint
from pipeline.packages import rooms
from pipeline.running.code_stamp import code_stamp
from tests.places import ROOT

FILES = {
    "__init__.py": "",
    "executor.py": "from made_up.near import one\nimport json\n\ndef later():\n    import made_up.lazy\n",
    "near.py": "from . import relative\nfrom made_up.inner.deep import two\none = 1\n",
    "relative.py": "from .inner import name_of_no_module\n",
    "lazy.py": "",
    "inner/__init__.py": "name_of_no_module = 3\n",
    "inner/deep.py": "two = 2\n",
    "inner/apart.py": "",
    "other.py": "import made_up.executor\n",
}
EXECUTED = {
    "__init__.py",
    "executor.py",
    "near.py",
    "relative.py",
    "lazy.py",
    "inner/__init__.py",
    "inner/deep.py",
}


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "made_up" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr("pipeline.assembly.fingerprint._folder", lambda root: tmp_path / root)
    return tmp_path / "made_up"


def fingerprint(*modules: str) -> str:
    code_fingerprint.cache_clear()
    return code_fingerprint(*modules)


@pytest.mark.parametrize("name", FILES)
def test_what_a_module_imports_counts_and_nothing_else(made_up: Path, name: str) -> None:
    before = fingerprint("made_up.executor")
    assert fingerprint("made_up.executor") == before
    (made_up / name).write_text(FILES[name] + "# Another character.\n")
    assert (fingerprint("made_up.executor") != before) == (name in EXECUTED)


@pytest.mark.parametrize("name", FILES)
def test_of_a_package_all_counts(made_up: Path, name: str) -> None:
    before = fingerprint("made_up")
    (made_up / name).write_text(FILES[name] + "# Another character.\n")
    assert fingerprint("made_up") != before


def test_a_module_that_is_not_there_is_a_mistake(made_up: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        fingerprint("made_up.missing")


@pytest.mark.parametrize(
    ("module", "room"),
    [
        ("components.example_generation.executor", "contracts/rows.py"),
        ("components.windowing.executor", "inventory/base_stock.py"),
        ("components.policy_comparison.executor", "transforms/features.py"),
        ("trainers.demand_forecasting.train", "serving/acceptance.py"),
        ("trainers.demand_forecasting.tfma_metrics", "trainers/tfma_sums.py"),
    ],
)
def test_what_lies_outside_of_its_room_counts_too(module: str, room: str) -> None:
    assert ROOT / room in _sources((module,)).values()


def test_it_holds_what_python_imports_of_ours() -> None:
    """Python itself as the oracle: what is in sys.modules after the import is in the fingerprint."""
    module = "components.policy_comparison.executor"
    said = f"import sys, pipeline.compat; before = set(sys.modules); import {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True).stdout
    ours = {name for name in loaded.split() if name.partition(".")[0] in rooms()}
    assert {name for name in ours if not name.startswith("pipeline")} <= set(_sources((module,)))


def test_rooms_are_what_the_project_installs() -> None:
    """A room that is added to the project, or is no part of it, is not forgotten here."""
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    listed = (ROOT / "pyproject.toml").read_text().split("[tool.setuptools.packages.find]")[1].split("]")[0]
    assert set(rooms()) == {name for name in folders if f'"{name}*"' in listed}


@pytest.mark.parametrize("room", rooms())
def test_the_stamp_of_a_server_changes_with_every_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str
) -> None:
    for name in rooms():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    monkeypatch.setattr("pipeline.packages.ROOT", tmp_path)
    before = code_stamp()
    assert code_stamp() == before
    (tmp_path / room / "new.py").touch()
    assert code_stamp() != before
