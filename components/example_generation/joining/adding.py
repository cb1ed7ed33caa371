"""Invoice lines: the rows of one key added up, returns netted against sales."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from components.example_generation.checks.rules import INVALID, PART, ROW
from components.example_generation.columns import LARGEST, FileContract
from components.example_generation.contract import FILES, SALES
from components.example_generation.joining.keys import joint_key
from components.example_generation.options import DataOptions
from contracts.arrays import Floats, Integers
from contracts.dates import to_date
from contracts.rows import KEYS, floats, single

_DECIMALS = 6
"""Sums are rounded to millionths of a unit: 0.3 sold and 0.1 and 0.2 returned are nothing."""


Extreme = tuple[float, tuple[str, ...]]
"""Units, and the store, product and date that they are of."""


@dataclass(frozen=True)
class Added:
    """What was added up.

    Attributes:
        rows, keys: rows that share their key with others, and such keys.
        returns, returned: rows of less than 0 units, and these units.
        below, lost: keys of which more was returned than sold, which count as 0, and the units beyond.
        largest: the largest return.
        lowest: the key that is furthest below 0.
    """

    rows: int = 0
    keys: int = 0
    returns: int = 0
    returned: float = 0.0
    below: int = 0
    lost: float = 0.0
    largest: Extreme = (0.0, ())
    lowest: Extreme = (0.0, ())

    def __add__(self, other: Added) -> Added:
        return Added(
            self.rows + other.rows,
            self.keys + other.keys,
            self.returns + other.returns,
            self.returned + other.returned,
            self.below + other.below,
            self.lost + other.lost,
            _more(self.largest, other.largest),
            _more(self.lowest, other.lowest),
        )

    def notes(self) -> list[str]:
        """What a user should know of it."""
        found = []
        if self.keys:
            found.append(f"{self.rows:,} rows of {self.keys:,} keys of sales_data were added up")
        if self.returns:
            found.append(
                f"{self.returns:,} returns of {self.returned:,.10g} units were netted against the sales of their key, "
                f"the largest {_words(self.largest)}"
            )
        if self.below:
            found.append(
                f"{self.below:,} keys with more returned than sold count as 0 units, {self.lost:,.10g} returned units "
                f"are not netted, most of them {_words(self.lowest)}"
            )
        return found


def contract_of(name: str, options: DataOptions) -> FileContract:
    """A file's contract under the options: sales that are added up may be returns, and carry a time of day."""
    file = FILES[name]
    if name != SALES or options.duplicates != "sum":
        return file
    units = replace(file.column("units_sold"), low=None, least=-LARGEST, exact=True)
    summed = {"units_sold": units, "date": replace(file.column("date"), timed=True)}
    columns = tuple(summed.get(column.name, column) for column in file.columns)
    return replace(file, columns=columns)


def add_up(table: pa.Table) -> tuple[pa.Table, Added]:
    """Sales with each key once, in order.

    Units are added up, and are 0 where that is less. Price and discount are means weighted by the units sold, of the
    plain rows where none was sold; a key is on promotion if one of its rows is, and in stock for the mean share. Of
    rows set aside only those stay whose key has no good row.

    Args:
        table: checked rows under ``contract_of``.
    """
    contract = FILES[SALES]
    joint = joint_key(table, KEYS)
    invalid = np.zeros(table.num_rows, dtype=bool)
    if INVALID in table.column_names:
        invalid = np.asarray(single(table[INVALID]))
    part, row = (single(table[name]).to_numpy(zero_copy_only=False) for name in (PART, ROW))
    order = np.lexsort((row, part, invalid, joint))
    first = np.append(True, joint[order][1:] != joint[order][:-1])
    # Good rows come before invalid ones, so that an invalid row at the top of its key stands alone.
    keep = first | ~invalid[order]
    order, starts = order[keep], np.flatnonzero(first[keep])
    sizes = np.diff(np.append(starts, order.size))
    units = floats(table["units_sold"])[order]
    net = np.round(np.add.reduceat(np.nan_to_num(units), starts), _DECIMALS)
    several, returned, below = sizes > 1, np.nan_to_num(units) < 0, net < 0
    added = Added(
        int(sizes[several].sum()),
        int(several.sum()),
        int(returned.sum()),
        float(-units[returned].sum()),
        int(below.sum()),
        float(-net[below].sum()),
        _most(table, np.where(returned, -units, 0.0), order),
        _most(table, np.where(below, -net, 0.0), order[starts]),
    )
    summed = table.take(pa.array(order[starts]))
    weight = np.maximum(np.nan_to_num(units), 0.0)
    values = {"units_sold": np.where(np.isnan(units[starts]), np.nan, np.maximum(net, 0.0))}
    for name in ("unit_price", "discount", "in_stock", "on_promotion"):
        if name not in table.column_names:
            continue
        given = floats(table[name])[order]
        if name == "on_promotion":
            values[name] = np.fmax.reduceat(given, starts)
        else:
            values[name] = _mean(given, weight if name != "in_stock" else np.zeros(len(given)), starts)
    for name, found in values.items():
        array = pa.array(found, mask=np.isnan(found)).cast(contract.column(name).stored)
        summed = summed.set_column(summed.column_names.index(name), name, array)
    return summed, added


def _mean(values: Floats, weight: Floats, starts: Integers) -> Floats:
    """Weighted mean of the known values of each key; of all known ones alike where no weight is left; NaN of none."""
    observed = ~np.isnan(values)
    values = np.nan_to_num(values)
    sums = []
    for by in (weight * observed, observed.astype(np.float64)):
        total = np.add.reduceat(by, starts)
        with np.errstate(invalid="ignore"):
            sums.append(np.add.reduceat(by * values, starts) / np.where(total > 0, total, np.nan))
    return np.where(np.isnan(sums[0]), sums[1], sums[0])


def _most(table: pa.Table, units: Floats, rows: Integers) -> Extreme:
    """The most units and their key; of equals the first."""
    index = int(units.argmax())
    if units[index] <= 0:
        return 0.0, ()
    store, product, day = (table[name][int(rows[index])].as_py() for name in KEYS)
    return float(units[index]), (store, product, str(to_date(day)))


def _more(one: Extreme, other: Extreme) -> Extreme:
    """The larger; of equals the first by key, whatever worker it came from."""
    return min(one, other, key=lambda extreme: (-extreme[0], extreme[1]))


def _words(extreme: Extreme) -> str:
    return f"{extreme[0]:,.10g} ({' '.join(extreme[1])})"
