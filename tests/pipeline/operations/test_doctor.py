"""Every check of the doctor, well and ill."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.operations import doctor
from pipeline.operations.doctor import GIB
from pipeline.operations.ports import AIRFLOW, PORTS, SERVING, Port
from tests.places import ROOT

OLDER = {"tfx": "1.16.0", "tensorflow": "2.16.2", "keras": "3.12.0", "apache-beam": "2.62.0"}
NEWER = {"tfx": "1.21.0", "tensorflow": "2.21.0", "keras": "3.15.1", "apache-beam": "2.77.0"}


def test_all_checks_run_here_and_nothing_fails(tmp_path: Path) -> None:
    found = doctor.checks(tmp_path / "not" / "yet" / "there")
    assert [check.name for check in found] == [
        "Stack",
        "C library",
        "OpenMP",
        "Processor",
        "Memory",
        "Disk",
        "Permissions",
        "Ports",
    ]
    assert {check.state for check in found if check.name in ("Stack", "C library", "OpenMP")} == {"ok"}
    assert not (tmp_path / "not").exists()


def test_whatever_is_not_well_comes_with_advice(tmp_path: Path) -> None:
    assert all(check.advice for check in doctor.checks(tmp_path) if check.state != "ok")


@pytest.mark.parametrize(
    ("versions", "glibc", "state", "said"),
    [
        (OLDER, (2, 36), "ok", ""),
        (NEWER, (2, 41), "ok", ""),
        (OLDER, (2, 41), "warn", "TFX 1.21"),
        (NEWER, (2, 36), "fail", "does not load"),
        ({**OLDER, "apache-beam": "2.63.0"}, (2, 36), "fail", "Beam 2.63"),
        ({**OLDER, "tfx": None}, (2, 36), "fail", "make setup"),
        ({**OLDER, "keras": "2.15.0"}, (2, 36), "fail", "Keras 3"),
    ],
)
def test_stack(versions: dict[str, str | None], glibc: tuple[int, int], state: str, said: str) -> None:
    check = doctor.check_stack(versions, glibc)
    assert check.state == state
    assert said in check.advice


@pytest.mark.parametrize(
    ("glibc", "state"), [(None, "fail"), ((2, 27), "fail"), ((2, 28), "ok"), ((2, 38), "ok"), ((2, 39), "ok")]
)
def test_c_library(glibc: tuple[int, int] | None, state: str) -> None:
    assert doctor.check_c_library(glibc).state == state


@pytest.mark.parametrize(
    ("cores", "flags", "state"),
    [(2, {"avx"}, "ok"), (1, {"avx"}, "warn"), (8, {"sse"}, "fail"), (2, set(), "ok")],
)
def test_processor(cores: int, flags: set[str], state: str) -> None:
    assert doctor.check_processor(cores, flags).state == state


@pytest.mark.parametrize(
    ("free", "state"), [(1 * GIB, "fail"), (3 * GIB, "warn"), (8 * GIB, "ok"), (None, "warn")]
)
def test_memory(free: int | None, state: str) -> None:
    assert doctor.check_memory(free).state == state


def test_free_memory_stays_within_a_containers_limit(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   8388608 kB\n")
    assert doctor.free_memory(tmp_path) == 8 * GIB
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.current").write_text(f"{GIB}\n")
    (group / "memory.max").write_text("max\n")
    assert doctor.free_memory(tmp_path) == 8 * GIB
    (group / "memory.max").write_text(f"{4 * GIB}\n")
    assert doctor.free_memory(tmp_path) == 3 * GIB


def test_free_memory_is_unknown_without_proc(tmp_path: Path) -> None:
    assert doctor.free_memory(tmp_path) is None


@pytest.mark.parametrize(("free", "state"), [(GIB // 2, "fail"), (2 * GIB, "warn"), (50 * GIB, "ok")])
def test_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int, state: str) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    assert doctor.check_disk(tmp_path / "absent").state == state


def test_permissions_name_the_folder_that_refuses(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    check = doctor.check_permissions(tmp_path / "absent")
    assert (check.state, check.found) == ("fail", f"{tmp_path}: Permission denied")
    assert "--workspace" in check.advice


def test_a_taken_port_is_named() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        check = doctor.check_ports([Port(port, "serve", "give another --port")])
    assert check.state == "warn"
    assert f"serve ({port})" in check.found and "give another --port" in check.advice
    assert doctor.check_ports([Port(port, "serve", "")]).state == "ok"


def test_who_may_not_listen_at_all_cannot_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    check = doctor.check_ports(PORTS)
    assert check.state == "fail" and "Operation not permitted" in check.found


def test_the_ports_are_those_that_are_used() -> None:
    root = ROOT
    assert f"AIRFLOW_PORT ?= {AIRFLOW.number}\n" in (root / "Makefile").read_text()
    assert f'"--port", type=int, default={AIRFLOW.number},' in (root / "scripts/serve_airflow.py").read_text()
    assert f"127.0.0.1:{SERVING.number}\n" in (root / "docs/serving.md").read_text()
    assert len({port.number for port in PORTS}) == len(PORTS)


def test_it_imports_no_framework() -> None:
    code = "import sys, pipeline.operations.doctor; print({'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


def test_without_openmp_no_trees_are_grown() -> None:
    assert doctor.check_openmp(True).state == "ok"
    assert "libgomp1" in doctor.check_openmp(False).advice
