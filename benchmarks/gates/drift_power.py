"""How often the data gate cries wolf, and how small a shift it sees.

    python -m benchmarks.gates.drift_power [--data FOLDER] [--resamples 1000] [--repeats 50]

Each resample draws series, a day and 1 to 4 weeks at random from unchanged sample data: the weeks before that day are
what was last trained on, those after it the new batch. So it holds the real noise and the real season. All checks on
rows are made; a resample with any stop is a false stop (bar: at most 1%). Then the newest weeks of one column are
shifted by a fifth, and the share of resamples in which the gate finds that is printed for several numbers of series.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_data_validation as tfdv

from benchmarks.harness.report import Report
from components.data_gate.batch_rows import SERIES, WEEKS_COMPARED, BatchRows
from components.data_gate.drift import Comparator, comparators, drift_findings
from components.data_gate.gate import row_findings
from components.data_gate.severity import InForce, decide, load_severities
from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.records.checks import FeatureCheck
from pipeline.sample_data.files import write_sample_data
from schema import ROWS, SEVERITIES

SIZES = (12, 24, 60, 120, 240)
# A discount is a fraction of the list price and cannot rise above 1.
SHIFTS = {"units_sold": 1.2, "unit_price": 1.2, "discount": 0.8, "unit_cost": 1.2, "in_stock": 0.8}
STORES, PRODUCTS, DAYS = 4, 60, 730
_HISTORY_DAYS = 120


class Resampler:
    """Draws a batch and what was last trained on from unchanged rows."""

    def __init__(self, rows: BatchRows, seed: int) -> None:
        self._rows = rows
        self._series = rows.frame.groupby(SERIES, sort=False).ngroup().to_numpy()
        self._random = np.random.default_rng(seed)

    @property
    def series(self) -> int:
        return int(self._series.max()) + 1

    def draw(self, size: int) -> tuple[BatchRows, BatchRows]:
        """A new batch of so many series, and the same up to 1 to 4 weeks before its end."""
        first = int(self._rows.frame["date"].min())
        end = int(self._random.integers(first + _HISTORY_DAYS, self._rows.last_day + 1))
        days = self._rows.frame["date"].to_numpy()
        chosen = self._random.choice(self.series, size=min(size, self.series), replace=False)
        keep = np.isin(self._series, chosen) & (days <= end) & (days > end - _HISTORY_DAYS)
        frame = self._rows.frame[keep]
        new_days = 7 * int(self._random.integers(1, WEEKS_COMPARED + 1))
        old = replace(self._rows, frame=frame[frame["date"] <= end - new_days])
        return replace(self._rows, frame=frame), old


def false_alarms(
    resampler: Resampler, resamples: int, judge: Callable[[BatchRows, BatchRows], list[FeatureCheck]]
) -> dict[str, Any]:
    """Resamples with a stop, with a warning, and what they were."""
    sizes = np.random.default_rng(1).choice(SIZES, resamples)
    stops, warnings, kinds = 0, 0, Counter[str]()
    for size in sizes:
        verdicts = {(c.verdict, c.check, c.feature) for c in judge(*resampler.draw(int(size)))}
        failed = {found for found in verdicts if found[0] != "pass"}
        stops += any(found[0] == "stop" for found in failed)
        warnings += any(found[0] == "warn" for found in failed)
        kinds.update(" ".join(found) for found in failed)
    return {"resamples": resamples, "stops": stops, "warnings": warnings, "kinds": dict(kinds.most_common())}


def power(
    resampler: Resampler, repeats: int, wanted: dict[str, Comparator], rules: InForce
) -> dict[str, Any]:
    """For each shifted column, the share of resamples in which drift is found, by number of series."""
    found: dict[str, dict[int, float]] = {}
    for column, factor in SHIFTS.items():
        found[column] = {}
        for size in SIZES:
            hits = 0
            for _ in range(repeats):
                new, old = resampler.draw(size)
                values = new.frame[column]
                shifted = values.where(new.frame["date"] <= old.last_day, values * factor)
                batch = replace(new, frame=new.frame.assign(**{column: shifted}))
                judged = drift_findings(batch, old, {column: wanted[column]}, rules.file.limits)
                hits += any(finding.failed for finding in judged)
            found[column][size] = hits / repeats
    return found


def main() -> None:
    """Prints both tables and writes the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of the data contract; made-up data if not given")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=40)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = arguments.data
        if source is None:
            source = Path(folder) / "data"
            write_sample_data(source, stores=STORES, products=PRODUCTS, periods=DAYS, seed=7)
        table, ingested = read_rows(source, DataOptions())
    rows = BatchRows(table.to_pandas(), 1, tuple(column.name for column in ingested.external))
    wanted = comparators(tfdv.load_schema_text(str(ROWS)))
    rules = InForce.on(load_severities(SEVERITIES), date.max)

    def judge(new: BatchRows, old: BatchRows) -> list[FeatureCheck]:
        return decide(row_findings(new, old, wanted, rules.file.limits, new.last_day), rules)

    resampler = Resampler(rows, seed=3)
    alarms = false_alarms(resampler, arguments.resamples, judge)
    print(
        f"unchanged data, {alarms['resamples']} resamples: {alarms['stops'] / alarms['resamples']:.2%} false stops, "
        f"{alarms['warnings'] / alarms['resamples']:.2%} with a warning"
    )
    for kind, count in alarms["kinds"].items():
        print(f"  {kind}: {count}")
    shifts = power(resampler, arguments.repeats, wanted, rules)
    report = Report("drift_power")
    report.table(
        f"share found of a shift by a fifth, {arguments.repeats} resamples each, by number of series",
        ["", *map(str, SIZES)],
        [[column, *(f"{share:.0%}" for share in shares.values())] for column, shares in shifts.items()],
    )
    report.write({"false_alarms": alarms, "power": shifts})


if __name__ == "__main__":
    main()
