"""The choice of the stack and of the Python, with machines made of small shell scripts."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import find_system
import pytest
from find_system import NEWER_PYTHONS, OLDER_PYTHONS, Interpreter, Missing


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _python(path: Path, version: tuple[int, int], headers: bool = True, usable: bool = True) -> Path:
    """A stand-in that answers the probe as an interpreter of that version would."""
    answer = f'{{"path": "{path}", "version": [{version[0]}, {version[1]}],'
    answer += f' "usable": {str(usable).lower()}, "headers": {str(headers).lower()}}}'
    return _program(path, f"echo '{answer}'")


def _glibc(monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr("os.confstr", lambda _: answer)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ("glibc 2.28", OLDER_PYTHONS),
        ("glibc 2.36", OLDER_PYTHONS),
        ("glibc 2.38", OLDER_PYTHONS),
        ("glibc 2.39", NEWER_PYTHONS),
        ("glibc 2.41", NEWER_PYTHONS),
        ("glibc 2.41.9000", NEWER_PYTHONS),
    ],
)
def test_the_c_library_decides_the_stack(
    monkeypatch: pytest.MonkeyPatch, answer: str, wanted: tuple[tuple[int, int], ...]
) -> None:
    _glibc(monkeypatch, answer)
    assert find_system.wanted_pythons(find_system.c_library()) == wanted


@pytest.mark.parametrize(
    ("answer", "said"), [(None, "musl"), ("", "musl"), ("glibc 2.12", "glibc 2.28 or later")]
)
def test_another_c_library_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, answer: str | None, said: str
) -> None:
    _glibc(monkeypatch, answer)
    with pytest.raises(Missing, match=said):
        find_system.c_library()


@pytest.mark.parametrize(
    ("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")]
)
def test_another_machine_is_one_sentence(monkeypatch: pytest.MonkeyPatch, system: str, machine: str) -> None:
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    with pytest.raises(Missing, match=f"{system} on {machine}"):
        find_system.c_library()


def test_the_path_goes_before_pyenv(tmp_path: Path) -> None:
    wanted = _python(tmp_path / "bin/python3.10", (3, 10))
    _python(tmp_path / "pyenv/versions/3.10.13/bin/python3", (3, 10))
    environment = {"PATH": str(tmp_path / "bin"), "PYENV_ROOT": str(tmp_path / "pyenv")}
    found = find_system.find_python(OLDER_PYTHONS, environment)
    assert found == Interpreter(str(wanted), (3, 10), True)


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path) -> None:
    _program(tmp_path / "pyenv/shims/python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    _python(tmp_path / "pyenv/versions/3.9.1/bin/python3", (3, 9))
    wanted = _python(tmp_path / "pyenv/versions/3.10.13/bin/python3", (3, 10))
    # No PYENV_ROOT and another home: only the shims on the path tell where pyenv is.
    environment = {"PATH": str(tmp_path / "pyenv/shims"), "HOME": str(tmp_path / "home")}
    found = find_system.find_python(OLDER_PYTHONS, environment)
    assert found is not None
    assert found.path == str(wanted)


def test_pyenv_itself_is_asked_for_its_folder(tmp_path: Path) -> None:
    wanted = _python(tmp_path / "elsewhere/versions/3.10.2/bin/python3", (3, 10))
    _program(tmp_path / "bin/pyenv", f"echo {tmp_path}/elsewhere")
    found = find_system.find_python(OLDER_PYTHONS, {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})
    assert found is not None
    assert found.path == str(wanted)


def test_a_plain_python3_of_the_right_version_will_do(tmp_path: Path) -> None:
    _python(tmp_path / "bin/python3", (3, 12))
    found = find_system.find_python(NEWER_PYTHONS, {"PATH": str(tmp_path / "bin")})
    assert found is not None
    assert found.version == (3, 12)


def test_an_interpreter_with_headers_goes_before_one_without(tmp_path: Path) -> None:
    _python(tmp_path / "bare/python3.10", (3, 10), headers=False)
    wanted = _python(tmp_path / "full/python3.10", (3, 10))
    path = f"{tmp_path}/bare{os.pathsep}{tmp_path}/full"
    found = find_system.find_python(OLDER_PYTHONS, {"PATH": path})
    assert found is not None
    assert found.path == str(wanted)


def test_missing_headers_are_one_sentence(tmp_path: Path) -> None:
    _python(tmp_path / "bin/python3.10", (3, 10), headers=False)
    found = find_system.find_python(OLDER_PYTHONS, {"PATH": str(tmp_path / "bin")})
    assert found is not None
    with pytest.raises(Missing, match=r"python3\.10-dev"):
        find_system.check_headers(found)


@pytest.mark.parametrize("version", [(3, 9), (3, 11), (3, 14)])
def test_other_versions_do_not_fit(tmp_path: Path, version: tuple[int, int]) -> None:
    _python(tmp_path / "bin/python3", version)
    environment = {"PATH": str(tmp_path / "bin")}
    assert find_system.find_python(OLDER_PYTHONS, environment) is None
    assert find_system.find_python(NEWER_PYTHONS, environment) is None


def test_pypy_and_free_threaded_builds_do_not_fit(tmp_path: Path) -> None:
    _python(tmp_path / "bin/python3.13", (3, 13), usable=False)
    assert find_system.find_python(NEWER_PYTHONS, {"PATH": str(tmp_path / "bin")}) is None


def test_the_probe_tells_the_truth_about_this_interpreter() -> None:
    found = find_system.probe(sys.executable)
    assert found is not None
    assert found.version == sys.version_info[:2]


def test_the_sentence_for_a_missing_python_names_what_to_install() -> None:
    older = str(find_system.missing_python(OLDER_PYTHONS, (2, 36)))
    newer = str(find_system.missing_python(NEWER_PYTHONS, (2, 41)))
    assert "Python 3.10 is needed" in older
    assert "pyenv install 3.10" in older
    assert "Python 3.12 or 3.13 is needed" in newer
    assert "apt install python3" in newer


def test_a_compiler_that_does_not_compile_is_no_compiler(tmp_path: Path) -> None:
    for name in ("gcc", "g++"):
        _program(tmp_path / name, "exit 1")
    with pytest.raises(Missing, match="apt install g"):
        find_system.find_compiler({"PATH": str(tmp_path)})


def test_clang_will_do(tmp_path: Path) -> None:
    for name in ("clang", "clang++"):
        _program(tmp_path / name, "exit 0")
    assert find_system.find_compiler({"PATH": str(tmp_path)}) == {"CC": "clang", "CXX": "clang++"}


def test_the_users_own_compiler_goes_first(tmp_path: Path) -> None:
    for name in ("gcc", "g++", "mine"):
        _program(tmp_path / name, "exit 0")
    chosen = find_system.find_compiler({"PATH": str(tmp_path), "CXX": "mine"})
    assert chosen == {"CC": "mine", "CXX": "mine"}
