"""A sound retailer's files as bytes, and what happens to files on their way."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable, Mapping

import pandas as pd
from hypothesis import strategies as st

DAYS = [f"2025-03-{day:02d}" for day in range(1, 15)]

CORPUS: Mapping[str, str] = {
    "sales_data": "date,store_id,product_id,units_sold,unit_price,discount,on_promotion,in_stock\n"
    + "".join(
        f'{day},{store},"{product}",{i % 7},4.99,1,{int(i % 9 == 0)},1\n'
        for i, day in enumerate(DAYS)
        for store in ("S1", "Zürich")
        for product in ("P1", "Müsli, 500g")
    ),
    "inventory_levels": "date,store_id,product_id,on_hand,on_order\n"
    + "".join(f"{day},S1,P1,{i},{i % 3}\n" for i, day in enumerate(DAYS)),
    "external_factors": "date,store_id,temperature,event,holiday\n"
    + "".join(f"{day},,{i / 3:.2f},{'fair' if i % 5 == 0 else ''},{i % 2}\n" for i, day in enumerate(DAYS)),
    "products": "product_id,category,unit_cost,lead_time,pack_size,minimum_order_quantity,maximum_order_quantity,"
    "holding_cost,shortage_cost,supplier,presentation_stock,shelf_capacity,shelf_life\n"
    'P1,Käse,2.5,2,6,0,600,0.1,2,"Nord, Süd",4,90,5\n"Müsli, 500g",,,,,,,,,,,,\n',
    "suppliers": "supplier,order_weekdays,lead_time,minimum_order_value\n"
    '"Nord, Süd",Mon Thu,2,120.5\nOst,"Mo-Fr, 7",,\n',
}
OVERRIDES = (
    "store_id,product_id,quantity,reason,by,until\nS1,P1,24,festival,buyer,2025-03-20\n"
    'Zürich,"Müsli, 500g",0,"delisted, for good",buyer,\n'
)

ODD_CELLS = (
    "", " ", "-", "NA", "NULL", "#N/A", "NaN", "inf", "-inf", "1e30", "1e999", "-1e-999", "-3", "-0", "0.1", "1,5",
    "1.234,5", "1 234", "1'234", "0x10", "1_000", "٣", "¼", "½", "--", "true", "TRUE", "0", "2", "9" * 30, "9" * 400,
    "45717", "2025-02-30", "0000-00-00", "9999-12-31", "10000-01-01", "0001-01-01", "01/02/2025",
    "2025-03-01T00:00:00Z", "2025-03-01 00:00:00+02:00", "1970-01-01", "-2025-03-01",
    "\x00", "a\x00b", "\u2028", "\u200b", "\ufeff", "\ud7ff",
    "a\nb", "a\rb", '"', '""', "'", "=1+1", "{x}", "%s", "[/red]", "\\", "/", "../..", "x" * 5000, "🍮", "é", "e\u0301",
)  # fmt: skip
ODD_BYTES = (
    b"\xff",
    b"\xfe\xff",
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b'"',
    b",",
    b";",
    b"\t",
    b"\xef\xbb\xbf",
    b"\x1a",
    b"\x80",
)

Bytes = st.SearchStrategy[bytes]


def cells_changed(text: str) -> st.SearchStrategy[str]:
    """Some cells, of the header too, hold something else; a column is doubled, gone, renamed or out of place."""
    rows = [line.split(",") for line in text.splitlines()]
    change = st.tuples(
        st.integers(0, len(rows) - 1),
        st.integers(0, len(rows[0]) - 1),
        st.sampled_from(ODD_CELLS) | st.text(max_size=8),
    )

    def changed(changes: list[tuple[int, int, str]], heading: str, index: int) -> str:
        cells = [list(row) for row in rows]
        header = cells[0]
        if heading == "twice":
            header[index] = header[0]
        elif heading == "capitals":
            cells[0] = [name.upper() for name in header]
        elif heading == "blanks":
            cells[0] = [f" {name} " for name in header]
        elif heading == "gone":
            cells = [row[:index] + row[index + 1 :] for row in cells]
        elif heading == "no header":
            cells = cells[1:]
        for row, column, value in changes:
            if row < len(cells) and column < len(cells[row]):
                cells[row][column] = value
        return "\n".join(",".join(row) for row in cells) + "\n"

    headings = st.sampled_from(["", "", "", "twice", "capitals", "blanks", "gone", "no header"])
    return st.builds(changed, st.lists(change, max_size=3), headings, st.integers(0, len(rows[0]) - 1))


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "cp437")


def written(text: str) -> Bytes:
    """The text with some separator, line end and encoding."""

    def write(separator: str, end: str, encoding: str, first: str) -> bytes:
        changed = first + text.replace(",", separator)
        return changed.replace("\n", end).encode(encoding, "replace")

    plain = st.just(text.encode())
    return plain | st.builds(
        write,
        st.sampled_from([",", ";", "\t", "|"]),
        st.sampled_from(["\n", "\r\n", "\r", "\n\n"]),
        st.sampled_from(ENCODINGS),
        st.sampled_from(["", "\n", "sep=,\n", "sep=;\n", "A report\n"]),
    )


def damaged(content: bytes) -> Bytes:
    """The bytes with some flipped, cut out, doubled or put in."""
    # A share of the length: a workbook is not of the same length each time it is written.
    offset = st.integers(0, 10_000).map(lambda share: share * len(content) // 10_000)
    step = st.tuples(
        st.sampled_from(["flip", "cut", "double", "insert", "end"]),
        offset,
        st.integers(1, 40),
        st.sampled_from(ODD_BYTES),
    )

    def damage(steps: list[tuple[str, int, int, bytes]]) -> bytes:
        made = content
        for kind, at, length, extra in steps:
            if kind == "flip" and at < len(made):
                made = made[:at] + bytes([made[at] ^ (1 << length % 8)]) + made[at + 1 :]
            elif kind == "cut":
                made = made[:at] + made[at + length :]
            elif kind == "double":
                made = made[:at] + made[at : at + length] + made[at:]
            elif kind == "insert":
                made = made[:at] + extra + made[at:]
            elif kind == "end":
                made = made[:at]
        return made

    return st.builds(damage, st.lists(step, max_size=3))


def texts(text: str) -> Bytes:
    """A text file with changed cells, written somehow, and damaged."""
    return cells_changed(text).flatmap(written).flatmap(damaged)


def _zipped(content: bytes, name: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"{name}.csv", content)
    return made.getvalue()


def _table(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), dtype=str, encoding_errors="replace", on_bad_lines="skip")


def _workbook(content: bytes, name: str) -> bytes:
    made = io.BytesIO()
    _table(content).to_excel(made, index=False, sheet_name=name[:31])
    return made.getvalue()


def _parquet(content: bytes, name: str) -> bytes:
    made = io.BytesIO()
    table = _table(content)
    table.columns = [str(column) for column in table.columns]
    table.to_parquet(made, index=False)
    return made.getvalue()


CONTAINERS: Mapping[str, Callable[[bytes, str], bytes]] = {
    ".csv.gz": lambda content, _: gzip.compress(content),
    ".csv.bz2": lambda content, _: bz2.compress(content),
    ".zip": _zipped,
    ".csv.zip": _zipped,
    ".xlsx": _workbook,
    ".parquet": _parquet,
}


@st.composite
def contained(draw: st.DrawFn, name: str) -> tuple[str, bytes]:
    """Ending and bytes of a contract file in a container, inside or as a whole damaged, or under another's ending."""
    ending = draw(st.sampled_from(sorted(CONTAINERS)))
    inside = draw(cells_changed(CORPUS[name])).encode("utf-8", "replace")
    try:
        whole = CONTAINERS[ending](inside, name)
    except Exception:
        # Not everything can be put into a workbook or a table.
        whole = CONTAINERS[ending](CORPUS[name].encode(), name)
    other = draw(st.sampled_from(["", "", "", *sorted(CONTAINERS), ".csv", ".CSV", ".txt"]))
    return other or ending, draw(damaged(whole))
