"""What is known of the time after the last sale."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from components.example_generation.calendar import Calendar
from components.example_generation.joining.external import ExternalLookup
from components.example_generation.joining.planned import Plan
from components.example_generation.options import DataOptions
from components.example_generation.reading.small_files import SmallFiles
from contracts.files import FUTURE_EXTERNAL, FUTURE_PLAN
from contracts.rows import read_flat, single, write_flat


@dataclass(frozen=True)
class Future:
    """What the files say of dates that a series has no row of: after the last sale of its store.

    Attributes:
        external: date (int64, days since 1970-01-01), store_id, each column of external_factors that is known ahead,
            as in the rows, and open_planned where there is a store_calendar; one row for each store of sales_data and
            each date that a file names from the last one on that all stores have, sorted by store and date. A file's
            row of a store goes before its row of all stores, value by value.
        plan: what is planned; None where there is no such file.
    """

    external: pa.Table
    plan: Plan | None = None

    def write(self, folder: Path | str) -> None:
        """Writes it as files of a folder, for other processes."""
        write_flat(self.external, Path(folder, FUTURE_EXTERNAL))
        if self.plan is not None:
            covered = {"first": str(self.plan.first), "last": json.dumps(dict(self.plan.last))}
            write_flat(self.plan.table.replace_schema_metadata(covered), Path(folder, FUTURE_PLAN))

    @classmethod
    def read(cls, folder: Path | str) -> Future:
        """What ``write`` wrote."""
        plan = None
        if Path(folder, FUTURE_PLAN).exists():
            table = read_flat(Path(folder, FUTURE_PLAN))
            said = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
            plan = Plan(table, int(said["first"]), json.loads(said["last"]))
        return cls(read_flat(Path(folder, FUTURE_EXTERNAL)), plan)


def known_future(small: SmallFiles, options: DataOptions, calendar: Calendar) -> Future:
    """What the files say of the time after the last sale.

    Args:
        small: holds the files.
        options: says which columns of external_factors are known ahead.
        calendar: of the sales.
    """
    columns = [name for name in small.external_columns if options.known_ahead.get(name)]
    files = [table for table in (small.external, small.store_calendar) if table is not None]
    named = [single(table["date"]).to_numpy(zero_copy_only=False).astype(np.int64) for table in files]
    days = np.unique(np.concatenate([np.zeros(0, np.int64), *named]))
    days = days[days > int(calendar.ends.min())] if calendar.last is not None else days[:0]
    store = np.repeat(np.arange(len(calendar.sold)), days.size)
    every = np.tile(days, len(calendar.sold))
    table = {"date": pa.array(every), "store_id": calendar.sold.take(pa.array(store))}
    if small.external is not None:
        table.update(ExternalLookup.of(small.external, tuple(columns)).find(every, store, calendar.sold))
    table.update(calendar.open_days.planned_of(every, store, calendar.sold))
    plan = None
    if small.plan is not None and calendar.last is not None:
        plan = small.plan.ahead(int(calendar.ends.min()), calendar.last, options)
    return Future(pa.table(table), plan)
