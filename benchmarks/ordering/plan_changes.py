"""New sales and stock during the day, planned by `plan --changed --follow`, beside planning everything again.

    python -m benchmarks.ordering.plan_changes --events 100000

A made-up retailer of 100 stores and 200 products with 400 days; the pair is trained on a smaller one. Seconds go from
the file's name in the folder to the line that says that it is planned, the wait for the next look into the folder
included; "one row" is the median of five. The burst names every series, several dates of each. In the end everything is
planned with all files merged, and no line may order anything else.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from benchmarks.harness import measure, runs
from benchmarks.harness.report import Report
from contracts.rows import SERIES_KEYS
from pipeline.sample_data.files import write_sample_data
from pipeline.workspace import Workspace

STORES, PRODUCTS, PERIODS = 100, 200, 400
_SMALL = (4, 30)
_SEED = 7
_SINGLE = 5
_PLANNED = "plan as of"


@dataclass(frozen=True)
class Shop:
    """A folder of data, one of new files, and a workspace with a pair."""

    root: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root / "workspace")

    @property
    def changes(self) -> Path:
        return self.root / "changes"

    def command(self, *extra: str) -> list[str]:
        """The command ``plan``; whatever is out of proportion is let pass, as made-up sales may be."""
        given = [
            "--data",
            str(self.root / "data"),
            "--workspace",
            str(self.workspace.root),
            "--accept",
            "all",
        ]
        return [sys.executable, "-m", "pipeline", "plan", *given, *extra]

    def drop(self, name: str, rows: pd.DataFrame) -> None:
        """A new file, which is whole when it has its name."""
        rows.to_csv(self.changes / f".{name}", index=False)
        (self.changes / f".{name}").rename(self.changes / f"{name}.csv")

    def lines(self) -> pd.DataFrame:
        """The newest plan."""
        path = max((self.workspace.root / "plans").iterdir()) / "order_lines.parquet"
        return pd.read_parquet(path).sort_values([*SERIES_KEYS]).reset_index(drop=True)


def make_shop(root: Path) -> Shop:
    """Trains the pair, and writes the data."""
    stores, products = _SMALL
    write_sample_data(root / "small", stores=stores, products=products, periods=PERIODS, seed=_SEED)
    pair = runs.run(root / "small", root / "pair")
    if pair.summary.status != "pushed":
        raise RuntimeError(f"the pair was not pushed: {pair.summary.reasons}")
    shop = Shop(root)
    write_sample_data(root / "data", stores=STORES, products=PRODUCTS, periods=PERIODS, seed=_SEED)
    for folder in (shop.changes, shop.workspace.root):
        folder.mkdir()
    shutil.copytree(Workspace(pair.workspace).serving, shop.workspace.serving, symlinks=True)
    return shop


def sales_of(series: pd.DataFrame, days: Sequence[pd.Timestamp], random: np.random.Generator) -> pd.DataFrame:
    """Sales of each series on each date."""
    rows = pd.concat([series.assign(date=str(day.date())) for day in days])
    units = random.poisson(4, len(rows))
    return rows.assign(units_sold=units, unit_price=4.0, discount=1.0, on_promotion=0, in_stock=1.0)


def stock_of(series: pd.DataFrame, day: pd.Timestamp, random: np.random.Generator) -> pd.DataFrame:
    """Stock of each series."""
    return series.assign(date=str(day.date()), on_hand=random.poisson(20, len(series)), on_order=0)


class Follower:
    """The command that goes on."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._began = time.perf_counter()

    def planned(self, began: float | None = None) -> float:
        """Seconds until the next plan; from the start of the command, unless said otherwise."""
        for line in self._process.stdout or ():
            if _PLANNED in line and "row(s)" in line:
                return time.perf_counter() - (self._began if began is None else began)
        raise RuntimeError(f"plan --follow ended with {self._process.wait()}")


@contextmanager
def following(shop: Shop, log: Path) -> Iterator[Follower]:
    """Lets the command go on for as long as the block lasts."""
    command = shop.command("--changed", str(shop.changes), "--follow")
    with (
        log.open("w") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            yield Follower(process)
        finally:
            process.send_signal(signal.SIGTERM)


def measured(shop: Shop, events: int, root: Path) -> tuple[dict[str, float], int]:
    """Seconds of each thing that was tried, and how many lines order something else at the end."""
    random, found = np.random.default_rng(_SEED), {}
    found["everything, without new files"] = measure.command(
        shop.command(), os.environ, root / "plan.log"
    ).seconds
    series = shop.lines()[[*SERIES_KEYS]]
    last = pd.Timestamp(max((shop.workspace.root / "plans").iterdir()).name)
    with following(shop, root / "follow.log") as follower:
        found["the first call, from its start"] = follower.planned()

        def dropped(**files: pd.DataFrame) -> float:
            began = time.perf_counter()
            for name, rows in files.items():
                shop.drop(name, rows)
            return follower.planned(began)

        # The first loads the pair.
        single = [
            dropped(**{f"1{n}-sales_data": sales_of(series.sample(1, random_state=n), [last], random)})
            for n in range(_SINGLE + 1)
        ]
        found["one row"] = median(single[1:])
        some = series.sample(100, random_state=1)
        found["100 rows of 100 series"] = dropped(**{"20-inventory_levels": stock_of(some, last, random)})
        days = pd.date_range(end=last, periods=-(-events // len(series)))
        rows = sales_of(series, list(days), random).head(events)
        found[f"{len(rows):,} rows of {len(rows[[*SERIES_KEYS]].drop_duplicates()):,} series"] = dropped(
            **{"30-sales_data": rows}
        )
    kept_up = shop.lines()
    found["a call that has nothing to do"] = measure.command(
        shop.command("--changed", str(shop.changes)), os.environ, root / "nothing.log"
    ).seconds
    shutil.rmtree(shop.workspace.planner / "kept")
    found["everything, with all files"] = measure.command(
        shop.command("--changed", str(shop.changes)), os.environ, root / "all.log"
    ).seconds
    whole = shop.lines()
    if not kept_up[[*SERIES_KEYS]].equals(whole[[*SERIES_KEYS]]):
        raise RuntimeError("the plans are not of the same series")
    return found, int((~np.isclose(kept_up.order_quantity, whole.order_quantity)).sum())


def main() -> None:
    """Prints one table and writes results/plan_changes.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="rows of the burst")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="plan-changes-") as name:
        shop = make_shop(Path(name))
        found, differing = measured(shop, options.events, Path(name))
    whole = next(iter(found.values()))
    report = Report("plan_changes")
    report.table(
        f"New rows in a plan of {STORES * PRODUCTS:,} series, {PERIODS} days",
        ["planned", "seconds", "of a whole plan"],
        [[what, f"{seconds:.1f}", f"{seconds / whole:.0%}"] for what, seconds in found.items()],
    )
    report.note(f"lines that order something else than a whole plan with all files: {differing}")
    report.write({"seconds": found, "differing": differing})


if __name__ == "__main__":
    main()
