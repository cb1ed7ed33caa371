"""What a file is, told by its first bytes rather than its name, and its bytes as they were before packing."""

from __future__ import annotations

import codecs
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

Form = Literal["csv", "parquet", "xlsx"]
Packing = Literal["none", "gzip", "bz2", "zip"]

CSV_ENDINGS = (".csv", ".tsv", ".txt")
PARQUET_ENDINGS = (".parquet", ".parq", ".pq")
WORKBOOK_ENDINGS = (".xlsx",)
ENDINGS = (
    *(f"{ending}{packed}" for ending in CSV_ENDINGS for packed in ("", ".gz", ".bz2", ".zip")),
    *(".zip", *PARQUET_ENDINGS, *WORKBOOK_ENDINGS),
)
"""Of the files that are read, in any case of letters."""

BROKEN = (pa.ArrowException, OSError, EOFError, zlib.error, zipfile.BadZipFile)
"""What reading a torn or misnamed file raises."""

_OTHERS = {
    b"\xd0\xcf\x11\xe0": "a workbook of Excel 97 to 2003, or one with a password",
    b"\x28\xb5\x2f\xfd": "compressed by Zstandard",
    b"\xfd7zXZ": "compressed by xz",
    b"7z\xbc\xaf": "an archive of 7-Zip",
    b"Rar!": "an archive of RAR",
    b"%PDF": "a PDF",
}
_AS_CSV = "Save it as CSV in UTF-8, as .xlsx or as Parquet"


class Unreadable(Exception):
    """A file that cannot be read as a whole: the rule, what is wrong, and what to do."""

    def __init__(self, rule: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.rule, self.message, self.remedy = rule, message, remedy


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, nbytes: int = ..., /) -> bytes:
        """The next bytes, at most so many; none at the end."""


@dataclass(frozen=True)
class Container:
    """A file on disk: its form, how it is packed, and the name of the one file in an archive."""

    path: str
    form: Form
    packing: Packing = "none"
    member: str = ""


def bare_name(name: str) -> str:
    """A file's name without an ending that is read."""
    return next((name[: -len(end)] for end in ENDINGS if name.lower().endswith(end)), name)


def packing_by_name(name: str) -> Packing:
    """How a file should be packed by its ending."""
    endings: dict[str, Packing] = {".gz": "gzip", ".bz2": "bz2", ".zip": "zip"}
    return next((packing for ending, packing in endings.items() if name.lower().endswith(ending)), "none")


def look_into(path: Path) -> Container:
    """What a file is.

    Raises:
        Unreadable: it is of a form that is not read.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(8)
    name = path.name.lower()
    for magic, what in _OTHERS.items():
        if start.startswith(magic):
            raise Unreadable("other_form", f"the file is {what}", _AS_CSV)
    if start.startswith(b"PAR1") or name.endswith(PARQUET_ENDINGS):
        return Container(str(path), "parquet")
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _look_into_archive(path)
    if name.endswith(WORKBOOK_ENDINGS):
        raise Unreadable("corrupt_xlsx", "the file is no workbook", _AS_CSV)
    if start.startswith(b"\x1f\x8b"):
        return Container(str(path), "csv", "gzip")
    if start.startswith(b"BZh"):
        return Container(str(path), "csv", "bz2")
    return Container(str(path), "csv")


def _look_into_archive(path: Path) -> Container:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Unreadable(
            "corrupt_zip", f"cannot be read as an archive: {error}", "Export it again"
        ) from error
    names = [info.filename for info in members]
    if "xl/workbook.xml" in names:
        return Container(str(path), "xlsx")
    if "[Content_Types].xml" in names or "content.xml" in names:
        raise Unreadable("other_form", "the file is a document of another kind than .xlsx", _AS_CSV)
    files = [
        info
        for info in members
        if not info.filename.startswith("__MACOSX/") and not info.filename.rsplit("/", 1)[-1].startswith(".")
    ]
    if len(files) != 1:
        held = ", ".join(info.filename for info in files[:5]) + (", ..." if len(files) > 5 else "")
        message = f"the archive holds {held}" if files else "the archive holds no file"
        raise Unreadable(
            "archive_of_several", message, f"Unpack it into a folder {bare_name(path.name)}/ of parts"
        )
    if not files[0].filename.lower().endswith(CSV_ENDINGS):
        raise Unreadable(
            "archive_of_another", f"the archive holds {files[0].filename}, not a CSV file", "Unpack it"
        )
    if files[0].flag_bits & 1:
        raise Unreadable("archive_locked", "the archive has a password", "Unpack it")
    return Container(str(path), "csv", "zip", files[0].filename)


@contextmanager
def opened(container: Container, encoding: str) -> Iterator[Readable]:
    """The bytes of a CSV file, unpacked and in UTF-8.

    Reading raises one of BROKEN where the packing is torn, and UnicodeError where the bytes are not of that encoding.
    """
    if container.packing == "zip":
        with zipfile.ZipFile(container.path) as archive, archive.open(container.member) as member:
            yield member if encoding == "utf-8" else Transcoded(member, encoding)
        return
    compression = None if container.packing == "none" else container.packing
    with pa.input_stream(container.path, compression=compression) as stream:
        yield stream if encoding == "utf-8" else Transcoded(stream, encoding)


class Transcoded:
    """Bytes of another encoding, read as UTF-8."""

    closed = False  # as Arrow asks of files

    def __init__(self, stream: Readable, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._over = False

    def read(self, nbytes: int = 1 << 20) -> bytes:
        """The next bytes of UTF-8, at most so many."""
        while not self._ready and not self._over:
            raw = self._stream.read(max(nbytes // 2, 64))
            self._over = not raw
            self._ready = self._decoder.decode(raw, final=self._over).encode("utf-8")
        given, self._ready = self._ready[:nbytes], self._ready[nbytes:]
        return given


def read_up_to(stream: Readable, size: int) -> bytes:
    """So many bytes, fewer only where the stream ends."""
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
