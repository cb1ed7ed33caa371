"""One file that holds many: a tar within gzip, whose first file says what it is and whose last what all of it was."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO

from pydantic import ValidationError

from contracts.durable import CHUNK
from contracts.errors import UserError
from pipeline.operations.backup.encryption import decrypted, encrypted
from pipeline.operations.backup.manifest import (
    FORMAT,
    HEADER_FILE,
    MANIFEST_FILE,
    File,
    Header,
    Manifest,
    Table,
)

_FAST = 1
_CUT_OFF = (EOFError, zlib.error, gzip.BadGzipFile, tarfile.TarError)


class _Digesting:
    """Reads on, and knows what it has read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._digest = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self._digest.update(block)
        self.size += len(block)
        return block

    @property
    def file(self) -> File:
        return File(size=self.size, sha256=self._digest.hexdigest())


class Writer:
    """Adds files, folders and links; what was added is in the manifest at its end."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        """Args: tar: open for writing."""
        self._tar = tar
        self._files: dict[str, File] = {}
        self._links: dict[str, str] = {}

    def add(self, name: str, path: Path) -> None:
        """Adds a file or a link as it is, or all that is in a folder."""
        if path.is_symlink():
            self._links[name] = str(path.readlink())
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, self._links[name]
            self._tar.addfile(info)
        elif path.is_dir():
            entries = sorted(path.iterdir())
            for entry in entries:
                self.add(f"{name}/{entry.name}", entry)
            if not entries:
                info = tarfile.TarInfo(name)
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                self._tar.addfile(info)
        else:
            with path.open("rb") as file:
                info = self._tar.gettarinfo(arcname=name, fileobj=file)
                # Whose it was says nothing elsewhere.
                info.uid = info.gid = 0
                info.uname = info.gname = ""
                digesting = _Digesting(file)
                self._tar.addfile(info, digesting)  # It reads, and asks for no more.
            self._files[name] = digesting.file

    def end(self, tables: dict[str, Table], gone: tuple[str, ...]) -> Manifest:
        """Adds the manifest."""
        manifest = Manifest(files=self._files, links=self._links, tables=tables, gone=gone)
        _add_text(self._tar, MANIFEST_FILE, manifest.model_dump_json(indent=1))
        return manifest


@contextmanager
def writing(out: BinaryIO, header: Header, recipients: tuple[str, ...]) -> Iterator[Writer]:
    """A back-up to fill, which begins with its header."""
    with (
        encrypted(out, recipients) as stream,
        gzip.GzipFile(fileobj=stream, mode="wb", compresslevel=_FAST, filename="", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add_text(tar, HEADER_FILE, header.model_dump_json(indent=1))
        yield Writer(tar)


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    info = tarfile.TarInfo(name)
    info.size = len(content)
    tar.addfile(info, io.BytesIO(content))


def unpack(backup: Path, identity: Path | None, target: Path, known: set[str]) -> tuple[Header, Manifest]:
    """Unpacks a back-up into an empty folder, and holds every file against its manifest.

    Args:
        backup: the file.
        identity: file with the secret keys of one that is encrypted.
        target: the folder; nothing is written before the header was read.
        known: revisions of the store's tables that this program knows.

    Raises:
        UserError: it is none, was damaged or cut off, is of a newer program, or cannot be decrypted.
    """
    with backup.open("rb") as file, decrypted(file, identity, str(backup)) as stream:
        try:
            with gzip.GzipFile(fileobj=stream) as zipped, tarfile.open(fileobj=zipped, mode="r|") as tar:
                members = iter(tar)
                header = _header(tar, next(members, None), backup, known)
                manifest = _unpack(tar, members, target, backup)
                # To the end, where gzip's own checksum stands.
                while zipped.read(CHUNK):
                    pass
                return header, manifest
        except _CUT_OFF as error:
            raise UserError(
                f"{backup}: was damaged or cut off, or is no back-up ({error or 'it ends too early'}); take another one"
            ) from error


def _header(tar: tarfile.TarFile, first: tarfile.TarInfo | None, backup: Path, known: set[str]) -> Header:
    foreign = UserError(f"{backup}: is no back-up of retail-inventory; give a file that 'backup' wrote")
    if first is None or first.name != HEADER_FILE:
        raise foreign
    content = _content(tar, first).read()
    try:
        header = Header.model_validate_json(content)
    except ValidationError as error:
        if b'"format"' not in content:
            raise foreign from error
        raise _newer(backup) from error
    if header.format > FORMAT or header.revision not in known:
        raise _newer(backup)
    return header


def _newer(backup: Path) -> UserError:
    return UserError(
        f"{backup}: was written by a newer version of retail-inventory; restore it with that one"
    )


def _unpack(tar: tarfile.TarFile, members: Iterator[tarfile.TarInfo], target: Path, backup: Path) -> Manifest:
    files: dict[str, File] = {}
    links: dict[str, str] = {}
    for member in members:
        if member.name == MANIFEST_FILE:
            manifest = _manifest(_content(tar, member).read(), backup)
            if (files, links) != (manifest.files, manifest.links):
                wrong = sorted(
                    name
                    for name in {*files, *links, *manifest.files, *manifest.links}
                    if files.get(name) != manifest.files.get(name)
                    or links.get(name) != manifest.links.get(name)
                )
                raise UserError(
                    f"{backup}: {len(wrong)} file(s) in it are not as they were, such as {wrong[0]}; take another one"
                )
            return manifest
        place = target / _inside(member, backup)
        place.parent.mkdir(parents=True, exist_ok=True)
        if member.isdir():
            place.mkdir()
        elif member.issym():
            place.symlink_to(member.linkname)
            links[member.name] = member.linkname
        else:
            digesting = _Digesting(_content(tar, member))
            with place.open("xb") as out:
                while block := digesting.read(CHUNK):
                    out.write(block)
            # When a run ended is known by its summary's.
            os.utime(place, (member.mtime, member.mtime))
            files[member.name] = digesting.file
    raise UserError(f"{backup}: was cut off: its end is missing; take another one")


def _manifest(content: bytes, backup: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise UserError(f"{backup}: was damaged: its manifest cannot be read; take another one") from error


def _inside(member: tarfile.TarInfo, backup: Path) -> PurePosixPath:
    """Where a member goes; none of ours leads out of the folder."""
    path = PurePosixPath(member.name)
    led = path.parent / member.linkname if member.issym() else path
    depths = itertools.accumulate(-1 if step == ".." else 1 for step in led.parts)
    ours = member.isfile() or member.isdir() or member.issym()
    if not ours or ".." in path.parts or led.is_absolute() or min(depths, default=-1) < 0:
        raise UserError(f"{backup}: holds {member.name}, which no back-up of ours does; nothing was restored")
    return path


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content: Any = tar.extractfile(member)
    if content is None:
        raise tarfile.ReadError(f"{member.name} is no file")
    return content  # type: ignore[no-any-return]
