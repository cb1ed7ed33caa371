"""Fingerprints of code: equal for equal sources, another one for any change."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.fingerprint import code_fingerprint


def make_package(folder: Path, name: str, text: str) -> str:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text(text)
    return name


def test_a_module_counts_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    package = make_package(tmp_path, "of_modules", "")
    for name in ("one", "other"):
        (tmp_path / package / f"{name}.py").write_text("a = 1\n")
    before = code_fingerprint(f"{package}.one")
    code_fingerprint.cache_clear()
    (tmp_path / package / "other.py").write_text("a = 2\n")
    assert code_fingerprint(f"{package}.one") == before
    code_fingerprint.cache_clear()
    (tmp_path / package / "one.py").write_text("a = 2\n")
    assert code_fingerprint(f"{package}.one") != before


def test_a_change_of_one_character_changes_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    package = make_package(tmp_path, "fingerprinted", "a = 1\n")
    before = code_fingerprint(package)
    code_fingerprint.cache_clear()
    assert code_fingerprint(package) == before
    code_fingerprint.cache_clear()
    (tmp_path / package / "__init__.py").write_text("a = 2\n")
    assert code_fingerprint(package) != before


def test_packages_are_told_apart() -> None:
    assert code_fingerprint("transforms") != code_fingerprint("inventory")
    assert code_fingerprint("transforms", "inventory") != code_fingerprint("transforms")
