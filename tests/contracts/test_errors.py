"""Whose fault an error of the operating system is, and files that are written whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from contracts.durable import replace_file, replacing, replacing_folder
from contracts.errors import SystemFault, UserError, cannot, is_systems

OWN = ["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EIO", "ENOMEM"]
ASKED = ["ENOENT", "EACCES", "EISDIR", "ENOTDIR", "EROFS", "ENAMETOOLONG"]


@pytest.mark.parametrize("name", OWN + ASKED)
def test_the_machines_own_errors_are_told_from_wrong_paths(name: str) -> None:
    error = OSError(getattr(errno, name), os.strerror(getattr(errno, name)), "plan.csv")
    raised = cannot(error, "plan.csv: cannot be written", "name another", UserError)
    assert isinstance(raised, SystemFault) == is_systems(error) == (name in OWN)
    assert isinstance(raised, UserError) == (name in ASKED)
    assert str(raised).startswith(f"plan.csv: cannot be written ({error.strerror}); ")
    assert ("name another" in str(raised)) == (name in ASKED)


def test_what_is_no_error_of_the_system_is_none() -> None:
    assert not is_systems(ValueError(errno.ENOSPC))


def test_a_file_is_replaced_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    file = tmp_path / ("n" * 250)
    for content in ("first", b"second"):
        assert replace_file(file, content) == file
    assert file.read_bytes() == b"second" and list(tmp_path.iterdir()) == [file]


def test_what_fails_half_way_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pipeline.pb"
    replace_file(file, "whole")
    with pytest.raises(LookupError), replacing(file) as temporary:
        temporary.write_text({0: "hal"}[temporary.write_text("h")])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        replace_file(file, "other")
    assert file.read_text() == "whole" and list(tmp_path.iterdir()) == [file]


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "plans" / "2026-03-07"
    for name in ("first", "second"):
        with replacing_folder(place) as temporary:
            (temporary / name).touch()
        assert [file.name for file in place.iterdir()] == [name]
    (tmp_path / "plans" / ".2026-03-07.new").mkdir()  # of one that was killed
    with pytest.raises(RuntimeError), replacing_folder(place) as temporary:  # noqa: PT012 - half of the work
        (temporary / "third").touch()
        raise RuntimeError
    assert [file.name for file in place.iterdir()] == ["second"]
    assert list((tmp_path / "plans").iterdir()) == [place]
