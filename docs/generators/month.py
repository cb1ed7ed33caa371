"""A workspace with a month behind it: ``python -m docs.generators.month WORKSPACE``.

A run each week and a plan each day, by the product's own commands; of each, the times in the store are then moved to
the day that it stands for. Among them are a batch and a plan that a gate refuses, and a buyer's overrides.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pandas as pd
import psycopg
from psycopg import sql

from contracts.exit_codes import ExitCode
from store.connections import connect
from store.opening import opened

DAYS, WEEK = 28, 7
_BAD_BATCH, _BAD_ROWS = 13, 9
"""Days ago."""
_MOMENTS = {
    "runs": ("began", "ended"),
    "planning_runs": ("began", "ended"),
    "plans": ("made_at",),
    "model_versions": ("pushed_at",),
}
"""By table its moments; the first tells which rows a command wrote."""


class Retailer:
    """A folder of sample data that ends yesterday, and a workspace."""

    def __init__(self, workspace: Path) -> None:
        """Args: workspace: new, or empty."""
        self.workspace = workspace
        self.data = workspace / "sample"
        self._today = datetime.now().astimezone().date()

    def call(self, days: int, *command: str, ends: ExitCode = ExitCode.SUCCESS) -> None:
        """Runs a command as if it had been called some days ago.

        Args:
            days: how many.
            command: without the workspace.
            ends: its exit code.
        """
        began = datetime.now(timezone.utc)
        line = [sys.executable, "-m", "pipeline", *command, "--workspace", str(self.workspace)]
        done = subprocess.run(line, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        if done.returncode != ends:
            raise SystemExit(f"{' '.join(line)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        with (
            opened(self.workspace / "postgres") as connections,
            connect(connections.writer) as connection,
        ):
            _move(connection, began, timedelta(days))

    def live(self) -> None:
        """The whole month."""
        sample = [sys.executable, "-m", "pipeline", "sample-data", str(self.data)]
        subprocess.run(sample, check=True, stdin=subprocess.DEVNULL)
        overrides = self._overrides()
        for days in range(DAYS, -1, -1):
            as_of = ("--as-of", str(self._day(days + 1)))
            data = ("--data", str(self.data))
            if days % WEEK == 0:
                self.call(days, "run", *data, *as_of)
            if days == _BAD_BATCH:
                damaged = self._damaged("units_sold", -3)
                self.call(days, "run", "--data", str(damaged), *as_of, ends=ExitCode.REFUSED)
            if days == _BAD_ROWS:
                damaged = self._damaged("unit_price", 90_000, self._day(days + 1))
                self.call(days, "plan", "--data", str(damaged), *as_of, ends=ExitCode.REFUSED)
            self.call(days, "plan", *data, *as_of, "--overrides", str(overrides))
        self.call(0, "actuals", "--data", str(self.data))

    def _day(self, days: int) -> date:
        return self._today - timedelta(days)

    def _overrides(self) -> Path:
        path = self.workspace / "overrides.csv"
        path.write_text(
            "store_id,product_id,quantity,reason,by,until\n"
            f"S01,P0001,60,festival in town,buyer,{self._day(20)}\nS02,P0002,0,shelf is rebuilt,buyer,\n"
        )
        return path

    def _damaged(self, column: str, value: float, day: date | None = None) -> Path:
        """The same data with one wrong value, on a day or at the end."""
        folder = self.workspace / "damaged"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.data, folder)
        sales = pd.read_csv(folder / "sales_data.csv")
        row = sales.index[sales.date == str(day)][0] if day else sales.index[len(sales) // 2]
        sales.loc[row, column] = value
        sales.to_csv(folder / "sales_data.csv", index=False)
        return folder


def _move(connection: psycopg.Connection, since: datetime, by: timedelta) -> None:
    """Puts the rows that were written since a moment further into the past."""
    for table, moments in _MOMENTS.items():
        changes = sql.SQL(", ").join(
            sql.SQL("{0} = {0} - %s").format(sql.Identifier(name)) for name in moments
        )
        update = sql.SQL("UPDATE {} SET {} WHERE {} >= %s")
        # A run's id has whole seconds.
        parts = (sql.Identifier(table), changes, sql.Identifier(moments[0]))
        connection.execute(update.format(*parts), [*[by] * len(moments), since.replace(microsecond=0)])
    connection.commit()


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes the workspace."""
    parser = argparse.ArgumentParser(prog="python -m docs.generators.month", description=__doc__)
    parser.add_argument("workspace", type=Path, help="a new folder")
    workspace = parser.parse_args(arguments).workspace.resolve()
    if workspace.exists() and any(workspace.iterdir()):
        raise SystemExit(f"{workspace}: is not an empty folder; give a new one")
    workspace.mkdir(parents=True, exist_ok=True)
    Retailer(workspace).live()


if __name__ == "__main__":
    main()
