"""Where the table of a file begins: its encoding, what separates its values, and which line is the header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from components.example_generation.reading.containers import Container, Unreadable, opened, read_up_to
from components.example_generation.reading.dialect import SEPARATORS, FileDialect

_SAMPLE_BYTES = 1 << 20
_HEADER_WITHIN = 20  # records that a header is looked for in
_ROWS_LOOKED_AT = 50
_LINES_LOOKED_AT = 1000  # a record may have more than one
_MARK = "\ufeff"  # of the byte order
_NUL_SHOWN = "\u2400"
_SEPARATOR_LINE = re.compile(r'^"?sep=(.)"?[ ,;\t]*$', re.IGNORECASE)

Score = Callable[[Sequence[str]], int]
"""How many columns of the contract a record names."""


@dataclass(frozen=True)
class Layout:
    """How a file is laid out.

    Attributes:
        encoding: Python's name.
        separator: between values.
        begin: bytes before the first row, once the text is UTF-8; of a workbook, the row of the header.
        width: values of each row.
        beyond: how many of them, the last ones, have no cell in the header; a row that has something there is refused.
        rows: there is something after the header.
        said: what of it is out of the ordinary, in words.
    """

    encoding: str = "utf-8"
    separator: str = ","
    begin: int = 0
    width: int = 0
    beyond: int = 0
    rows: bool = True
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Record:
    cells: list[str]
    end: int  # characters up to its end
    line: int  # at which it ends, from 1


def find_layout(container: Container, dialect: FileDialect, score: Score) -> tuple[Layout, list[str]]:
    """Looks at the beginning of a CSV file.

    Args:
        dialect: what is said by hand.
        score: tells the header from the lines above it.

    Returns:
        The layout, and the cells of the header; none where the file is empty.

    Raises:
        Unreadable: the text is not of its encoding.
        any of BROKEN: the packing is torn.
    """
    encoding = dialect.encoding or _encoding_of(container)
    try:
        with opened(container, encoding) as stream:
            sample = read_up_to(stream, _SAMPLE_BYTES)
    except UnicodeError as error:
        remedy = "Save the file with the encoding UTF-8, or correct data.dialect.encoding"
        raise Unreadable("bad_encoding", f"the text is not {encoding.upper()}", remedy) from error
    whole = len(sample) < _SAMPLE_BYTES
    # Bytes that are no UTF-8 keep their place, so that lengths can be told.
    text = sample.decode("utf-8", "surrogateescape")
    head, separator_line = _skip_separator_line(text)
    separators = (dialect.separator,) if dialect.separator else tuple(SEPARATORS)
    if separator_line and not dialect.separator:
        separators = (separator_line, *separators)
    lines = list(islice(io.StringIO(text[head:], newline=""), _LINES_LOOKED_AT))
    best, layout, cells = (-1, -1), Layout(), list[str]()
    for separator in separators:
        records = _records(lines, head, int(separator_line is not None), separator)
        if not records:
            continue
        index = header_index([r.cells for r in records], score)
        header = records[index]
        rank = (score(header.cells), len(header.cells) if score(header.cells) == 0 else 0)
        if rank > best:
            best, cells = rank, header.cells
            width = _width(cells, [r.cells for r in records[index + 1 :]])
            begin = len(text[: header.end].encode("utf-8", "surrogateescape"))
            rows = not whole or bool(text[header.end :].strip())
            beyond = max(0, width - len(cells))
            above = [r for r in records[:index] if any(cell.strip() for cell in r.cells)]
            said = _said(encoding, separator, above, header.line, beyond)
            layout = Layout(encoding, separator, begin, width, beyond, rows, said)
        if best[0] > 1:
            break  # no line names several columns but by what truly separates them
    if any("\ud800" <= letter <= "\udfff" for cell in cells for letter in cell):
        shown = ", ".join(cells)[:80].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise Unreadable("bad_encoding", f"the header is not UTF-8 text: {shown!r}", ENCODING_REMEDY)
    return layout, cells[: layout.width]


ENCODING_REMEDY = (
    "Save the file with the encoding UTF-8, or name its encoding, such as cp1252, in data.dialect.encoding"
)


def header_index(records: Sequence[Sequence[str]], score: Score) -> int:
    """Which of the first records is the header: the one that names most columns, else the first with a value."""
    near = records[:_HEADER_WITHIN]
    scores = [score(cells) for cells in near]
    if max(scores, default=0) > 0:
        return scores.index(max(scores))
    return next((index for index, cells in enumerate(near) if any(cell.strip() for cell in cells)), 0)


def _encoding_of(container: Container) -> str:
    with opened(container, "utf-8") as stream:
        start = read_up_to(stream, 4096)
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    # Every other byte of a header in UTF-16 is 0.
    for encoding, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        others = start[::2] if encoding == "utf-16-le" else start[1::2]
        if zeros.count(0) > 0.4 * len(zeros) and others.count(0) < 0.05 * len(others):
            return encoding
    return "utf-8"


def _skip_separator_line(text: str) -> tuple[int, str | None]:
    """Where the text begins after the mark of its byte order and Excel's line `sep=;`, and what that names."""
    head = len(_MARK) if text.startswith(_MARK) else 0
    first = next(iter(io.StringIO(text[head : head + 20], newline="")), "")
    found = _SEPARATOR_LINE.match(first.rstrip("\r\n"))
    if found is None:
        return head, None
    return head + len(first), found[1]


def _records(lines: list[str], head: int, before: int, separator: str) -> list[_Record]:
    """The first records that are not blank; those before an error where there is one.

    Args:
        lines: with their ends.
        head: characters before them.
        before: lines before them.
        separator: between values.
    """
    end, count = head, before

    def counted() -> Iterable[str]:
        nonlocal end, count
        for line in lines:
            end, count = end + len(line), count + 1
            yield line.replace("\0", _NUL_SHOWN)  # which not every version reads

    records: list[_Record] = []
    try:
        for cells in csv.reader(counted(), delimiter=separator):
            if cells:
                shown = [cell.replace(_NUL_SHOWN, "\0") for cell in cells]
                records.append(_Record(shown, end, count))
            if len(records) >= _HEADER_WITHIN + _ROWS_LOOKED_AT:
                break
    except csv.Error:
        pass  # a quote that is never closed; where rows are read it is told with its row
    return records


def _width(header: list[str], rows: list[list[str]]) -> int:
    """Values of each row: as many as the header has cells.

    More only where those beyond are empty in most rows, fewer only where the cells beyond have no name: spreadsheets
    write commas after the last value, in some of the lines.
    """
    usual = Counter(len(row) for row in rows).most_common(1)[0][0] if rows else len(header)
    named = max((index + 1 for index, cell in enumerate(header) if cell.strip()), default=0)
    filled = sum(any(cell.strip() for cell in row[len(header) :]) for row in rows)
    return usual if named <= usual and filled < len(rows) / 2 else len(header)


def _said(encoding: str, separator: str, above: list[_Record], line: int, beyond: int) -> tuple[str, ...]:
    said = []
    if encoding != "utf-8":
        said.append(f"encoding {encoding.upper()}")
    if separator != ",":
        said.append(f"separated by {SEPARATORS.get(separator, repr(separator))}")
    if above:
        shown = separator.join(above[0].cells)[:60]
        said.append(f"the header is line {line}, those above it are not read ({shown!r})")
    if beyond:
        said.append("rows have more separators than the header, with nothing between them")
    return tuple(said)
