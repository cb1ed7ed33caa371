"""What the pipeline's own orders cost on real weekly sales, by the rules of the VN2 challenge, over some origins.

    python -m benchmarks.ordering.weekly_orders --data FOLDER

At each origin the pipeline runs with default settings, and then plans at the end of six weeks, each time with the
stock and the orders on their way that its orders before have led to. FOLDER holds history.parquet, master.parquet and
play.py: the simulator, with the rules and two policies that are played beside ours (the organiser's, and a seasonal
mean with a rule for lost sales). An order of week t is on the shelf in week t+3; 0.2 a unit left at a week's end, 1 a
unit not served. Demand is what was sold; series whose shelf was empty in one of the eight weeks are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import vn2
from benchmarks.harness import measure
from benchmarks.harness.report import Report
from contracts.arrays import Floats
from contracts.records.summary import SUMMARY_FILE, Summary

_SERIES = ["store_id", "product_id"]
ORGANISER, LOST_SALES = "organiser", "lost_sales"


def simulator(folder: Path) -> ModuleType:
    """The challenge's rules as Python, play.py of the data's folder."""
    spec = importlib.util.spec_from_file_location("vn2_play", folder / "play.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"{folder} has no play.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Shop:
    """Our pipeline as a shop uses it: trained once at the origin, asked for orders every week.

    A pair that the gate refuses is an error here: there would be no orders.

    Args:
        data: files up to the origin and beyond; no command sees more than its date.
        folder: for the workspace, and for files with the stock of each week.
    """

    def __init__(self, data: Path, folder: Path, origin: pd.Timestamp) -> None:
        self._data, self._folder, self._origin, self._week = data, folder, origin, 0
        self._config = folder / "config.yaml"
        self._config.write_text("data: {frequency: W}\n")
        self._command("run", origin)
        self.summary = Summary.read(next((folder / "workspace").glob(f"reports/*/{SUMMARY_FILE}")))

    def _command(self, name: str, date: pd.Timestamp) -> None:
        place = ["--data", str(self._data), "--workspace", str(self._folder / "workspace")]
        command = [sys.executable, "-m", "pipeline", name, *place, "--config", str(self._config)]
        command += ["--as-of", date.date().isoformat()]
        if name == "plan":
            # What is out of proportion is ordered as it is proposed: nobody looks at it here.
            command += ["--accept", "all"]
        measure.command(command, os.environ, self._folder / f"{name}-{date.date()}.log")

    def order(self, known: pd.DataFrame, on_hand: Floats, first: Floats, second: Floats) -> Floats:
        """Whole units of each series of ``known``, [N]; the arguments are those of play.py's policies."""
        today = self._origin + pd.Timedelta(weeks=self._week)
        stock = pd.DataFrame(
            {
                "date": today.date(),
                **{name: known.index.get_level_values(name).astype(str) for name in _SERIES},
                "on_hand": on_hand,
                "on_order": first + second,
            }
        )
        stock.to_parquet(self._data / "inventory_levels.parquet", index=False)
        self._command("plan", today)
        self._week += 1
        file = self._folder / "workspace" / "plans" / today.date().isoformat() / "order_lines.parquet"
        lines = pd.read_parquet(file).astype(dict.fromkeys(_SERIES, int)).set_index(_SERIES)
        return np.asarray(lines["order_quantity"].reindex(known.index).fillna(0.0), np.float64)


def played(data: Path, play: ModuleType, origin: str) -> dict[str, Any]:
    """Costs of weeks 3 to 8 by policy, and how our pair plans."""
    game = play.Game(play.load(), origin)
    with tempfile.TemporaryDirectory(prefix="weekly-orders-") as name:
        folder = Path(name)
        shutil.copytree(data, folder / "data")
        shop = Shop(folder / "data", folder, pd.Timestamp(origin))
        assert shop.summary.planning is not None
        ours = game.play(shop.order)
        return {
            "origin": origin,
            "series": len(game.units),
            "plans_by": shop.summary.planning.policy,
            "ours": ours,
            **{policy: game.play(getattr(play, policy)) for policy in (ORGANISER, LOST_SALES)},
        }


def main() -> None:
    """Prints one table and writes results/weekly_orders.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with play.py and its data")
    parser.add_argument("--origin", action="append", help="only this one; may be repeated")
    options = parser.parse_args()
    play = simulator(options.data)
    with tempfile.TemporaryDirectory(prefix="weekly-orders-") as name:
        data = Path(name) / "data"
        vn2.convert(options.data, data)
        found = [played(data, play, origin) for origin in options.origin or play.ORIGINS]
    report = Report("weekly_orders")
    report.table(
        "VN2, cost of weeks 3 to 8 of the orders of six weeks",
        [
            "origin",
            "this pipeline, run and plan",
            "the organiser's policy",
            "seasonal mean, lost sales",
            "plans by",
        ],
        [
            [
                game["origin"],
                *(f"{sum(game[policy]):,.0f}" for policy in ("ours", ORGANISER, LOST_SALES)),
                game["plans_by"],
            ]
            for game in found
        ],
    )
    ours, organiser = (sum(sum(game[name]) for game in found) for name in ("ours", ORGANISER))
    report.note(f"in sum {ours:,.0f} and {organiser:,.0f}: {ours / organiser - 1:+.1%}")
    report.write({"games": found, "relative": ours / organiser - 1})


if __name__ == "__main__":
    main()
