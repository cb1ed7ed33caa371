"""Writing that survives a crash: what a name shows is whole, and on the disk before the name is."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CHUNK = 1 << 20
Checksums = Mapping[str, Mapping[str, int | str]]


def checksums(folder: Path) -> dict[str, dict[str, int | str]]:
    """Size and SHA-256 of every file below a folder, by its relative path."""
    return {
        file.relative_to(folder).as_posix(): {"size": file.stat().st_size, "sha256": _sha256(file)}
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _sha256(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def differing(folder: Path, expected: Checksums) -> list[str]:
    """Files below a folder that are missing, are too many, or hold something else than expected."""
    found = checksums(folder)
    return sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))


def copy_tree(source: Path, target: Path) -> None:
    """Copies a folder's files to a new one, and all of it to the disk."""
    target.mkdir()
    for entry in sorted(source.iterdir()):
        if entry.is_dir():
            copy_tree(entry, target / entry.name)
        else:
            with entry.open("rb") as reading, (target / entry.name).open("xb") as writing:
                shutil.copyfileobj(reading, writing, CHUNK)
                writing.flush()
                os.fsync(writing.fileno())
    sync_folder(target)


def write_file(path: Path, content: str) -> None:
    """Writes a new file, and it to the disk."""
    with path.open("x", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def replacing(path: Path, *, durable: bool = True, within: Path | None = None) -> Iterator[Path]:
    """A file to write beside another; at the block's end it takes the other's place, whole.

    Where the block fails, what was there stays as it was. Processes that write the same file do not meet.

    Args:
        path: of the file, which need not be there.
        durable: the file is on the disk before its name is; needless for what is made anew after a crash.
        within: folder of the unfinished file, on the same file system; None: the file's own. Who reads a whole folder
            by a pattern would take what a killed process left in it for data.
    """
    temporary = (within or path.parent) / f".{secrets.token_hex(6)}.part"
    try:
        yield temporary
        if durable:
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    if durable:
        sync_folder(path.parent)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill beside another; at the block's end it takes the other's place, whole.

    Where the block fails, what was there stays as it was. One process at a time; what a killed one left is removed.
    """
    temporary, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    try:
        yield temporary
        shutil.rmtree(old, ignore_errors=True)
        if path.exists():
            path.rename(old)
        temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def replace_file(path: Path, content: str | bytes) -> Path:
    """Writes a file, or writes it anew, whole or not at all; returns its path."""
    with replacing(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def sync_folder(folder: Path) -> None:
    """Brings a folder's list of names to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def point(link: Path, target: str) -> None:
    """Makes a symbolic link lead elsewhere, by one rename."""
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)
    sync_folder(link.parent)
