"""A workspace with a life behind it: two runs, two plans with an override, and the sales that came after the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from tests.pipeline.small import TREES, Small

LATER = 21
"""Days between the first run and the second."""
BECAUSE = "three more weeks <came>"
"""Why the second run ran."""


@dataclass(frozen=True)
class LivedIn:
    """The workspace, the dates of its two plans, and what the commands printed."""

    small: Small
    first: date
    last: date
    overrides: Path
    printed: dict[str, str]

    @property
    def store(self) -> Path:
        return self.small.workspace / "postgres"


def live(root: Path) -> LivedIn:
    """Runs everything from the command line, as a user would."""
    small = Small(root)
    small.config.write_text(TREES)
    last = date.fromisoformat(str(pd.read_csv(small.data / "sales_data.csv")["date"].max()))
    first = last - timedelta(days=LATER)
    _sell_out_of_the_blue(small.data / "sales_data.csv", first)
    overrides = root / "overrides.csv"
    overrides.write_text(
        "store_id,product_id,quantity,reason,by,until\n"
        f"S01,P0001,60,festival in town,buyer,{first}\nS02,P0002,0,delisted,buyer,\n"
    )
    printed = {}
    for name, command, extra in (
        ("first run", "run", ["--as-of", str(first)]),
        ("first plan", "plan", ["--as-of", str(first), "--overrides", str(overrides)]),
        ("second run", "run", ["--because", BECAUSE]),
        ("second plan", "plan", ["--overrides", str(overrides)]),
        ("actuals", "actuals", []),
    ):
        done = small.call(command, *extra)
        assert (done.returncode, done.stderr) == (0, ""), f"{name}: {done.stdout}{done.stderr}"
        printed[name] = done.stdout
    return LivedIn(small, first, last, overrides, printed)


def _sell_out_of_the_blue(path: Path, after: date) -> None:
    """One product in one store sells eight times as much from a date on: an anomaly that no forecast knew of."""
    sales = pd.read_csv(path)
    struck = (sales.store_id == "S02") & (sales.product_id == "P0003") & (sales.date > str(after))
    sales.loc[struck, "units_sold"] = 8 * sales.units_sold[struck] + 5
    sales.to_csv(path, index=False)
