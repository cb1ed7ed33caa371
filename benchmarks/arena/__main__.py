"""The arena: data sets x rolling origins x forecasters, with the same information for all, scored by one piece of code.

    python -m benchmarks.arena --data FOLDER
    python -m benchmarks.arena --data FOLDER --sets vn2,m5 --origins 1 --methods recent_mean,lightgbm_l1

FOLDER holds freshretailnet/, vn2/ and m5/; a set whose files are not there is left out, and so may be all of them: the
generated ones need none. Our pipeline runs and plans as of the origin with its defaults; given is only what the data
are: frequency, horizon, lead time, what is known ahead. Where its gate refuses the pair, the forecast is taken with the
gate opened, and the verdict stands in the table. The peers run in .venv-peers (`make bench-setup`); LightGBM gives
periods with a stock-out no weight, and knows the date, and the events of the days around.

Errors are of fully stocked periods. RMSSE is the mean over the series; WRMSSE the competition's own error, of levels 1
to 9. The cost is that of the orders that follow by one rule for all: least expected cost with lost sales, from the
method's point forecast and the spread of its errors in the horizon before the origin; at each review all forecast anew
from what was sold since, without training again. Customers want the true demand of generated data; elsewhere what was
sold, scaled up where a shelf ran empty, as the model gate has it; VN2 is played by the challenge's rules. Our quantiles
are judged for single periods and, with their correlation, for sums over the protection interval; what orders cost that
go by them stands beside. Where a method says nothing of a series the recent mean stands in. Ranks are of the methods
that all sets have.

What was forecast is kept in --out, and a call goes on where an earlier one ended.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

from benchmarks.arena import ours
from benchmarks.arena.cell import PEERS_PYTHON, Cell
from benchmarks.arena.ranks import ranks
from benchmarks.arena.sets import SETS, DataSet
from benchmarks.arena.summing import together
from benchmarks.arena.tasks import Source
from benchmarks.harness.report import RESULTS, Report
from benchmarks.ordering.weekly_orders import simulator

METHODS = {
    ours.MEAN: "this pipeline, mean",
    ours.MEDIAN: "this pipeline, median",
    "lightgbm_tweedie": "LightGBM, Tweedie",
    "lightgbm_l1": "LightGBM, L1",
    "ets": "AutoETS",
    "theta": "AutoTheta",
    "croston": "Croston, SBA",
    "seasonal_mean": "seasonal mean",
    "seasonal_naive": "seasonal naive",
    "recent_mean": "recent mean",
}
ALONE = ("ets", "theta", "croston")
"""They fit each series alone."""
MANY_SERIES = 10_000
"""Beyond so many, those are left out."""
COLUMNS = {
    "wape": "WAPE",
    "bias": "bias",
    "rmsse": "RMSSE",
    "wrmsse": "WRMSSE",
    "pinball": "pinball",
    "coverage_gap": "worst coverage",
    "pinball_sums": "pinball, sums",
    "coverage_gap_sums": "worst coverage, sums",
    "cost": "cost of orders",
    "cost_own": "by its own quantiles",
    "train": "train s",
    "predict": "predict s",
    "pushed": "pushed",
}
_SHARES = ("bias", "coverage_gap", "coverage_gap_sums")
_LEVELS = ["level", "place", "thing", "weight", "scale"]
_CONTRACT_DONE = "products.parquet", "products.csv"


def main() -> None:
    """Prints a table a data set and the ranks, and writes results/arena.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(), help="folder with freshretailnet/, vn2/ and m5/")
    parser.add_argument("--sets", help=f"of {', '.join(SETS)}; all but the largest without it")
    parser.add_argument("--origins", type=int, help="so many of each set's, the last ones; all without it")
    parser.add_argument("--methods", help=f"of {', '.join(METHODS)}; all without it")
    parser.add_argument("--out", type=Path, default=RESULTS / "arena", help="where forecasts are kept")
    options = parser.parse_args()
    if not PEERS_PYTHON.exists():
        parser.exit(2, "The peers' environment is missing: run `make bench-setup`\n")
    methods = _chosen(parser, options.methods, METHODS, list(METHODS))
    names = _chosen(parser, options.sets, SETS, [name for name, of in SETS.items() if of.wanted])
    report = Report("arena")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    each: dict[str, dict[str, dict[str, Any]]] = {}
    for name in names:
        if not (options.data / SETS[name].files).exists():
            print(f"{name}: skipped, there is no {options.data / SETS[name].files}")
            continue
        each[name] = fight(name, options.data, options.out, methods, options.origins)
        by_method = {
            method: together([cell[method] for cell in each[name].values()])
            for method in methods
            if all(method in cell for cell in each[name].values())
        }
        found[name] = by_method
        show(report, SETS[name], list(each[name]), by_method)
    _ranks(report, found)
    report.write({"sets": found, "origins": each})


def _chosen(
    parser: argparse.ArgumentParser, given: str | None, known: Mapping[str, object], usual: list[str]
) -> list[str]:
    names = given.split(",") if given else usual
    if wrong := [name for name in names if name not in known]:
        parser.error(f"there is no {', '.join(wrong)}; there are {', '.join(known)}")
    return names


def fight(
    name: str, data: Path, out: Path, methods: Sequence[str], origins: int | None
) -> dict[str, dict[str, Any]]:
    """Scores by origin and method of one data set; what is there already is not made again."""
    of = SETS[name]
    files = data / of.files
    contract = out / name / "data"
    if not any((contract / file).exists() for file in _CONTRACT_DONE):
        of.prepare(files, contract)
    source = Source.read(contract)
    levels: pd.DataFrame | None = None
    play: ModuleType | None = None
    if (files / "levels.parquet").exists() and of.files:
        levels = pd.read_parquet(files / "levels.parquet", columns=_LEVELS)
    if (files / "play.py").exists() and of.files:
        play = simulator(files)
    found: dict[str, dict[str, Any]] = {}
    for origin in of.origins[-(origins or len(of.origins)) :]:
        cell = Cell(of, origin, contract, out / name / origin)
        cell.prepare(source)
        series = cell.came["unique_id"].nunique()
        asked = [method for method in methods if series <= MANY_SERIES or method not in ALONE]
        cell.forecast(asked)
        found[origin] = {method: cell.scored(method, levels, play) for method in asked}
        for method, scored in found[origin].items():
            (cell.folder / f"{method}_scores.json").write_text(json.dumps(scored, default=str) + "\n")
    return found


def show(report: Report, of: DataSet, origins: Sequence[str], found: Mapping[str, Mapping[str, Any]]) -> None:
    """One table of a data set."""
    used = {key: title for key, title in COLUMNS.items() if any(key in scored for scored in found.values())}
    best = min(scored["cost"] for scored in found.values())
    lines = [
        [METHODS[method], *(shown(scored, key, best) for key in used)] for method, scored in found.items()
    ]
    report.table(
        f"{of.title}, {of.horizon} periods ahead of {len(origins)} origin(s)", ["", *used.values()], lines
    )
    report.note(f"known ahead: {of.known.stated()}; origins {', '.join(origins)}")


def shown(scored: Mapping[str, Any], key: str, best: float) -> str:
    """A measure as the table shows it, costs relative to the best; empty where a method has none."""
    if key not in scored:
        return ""
    value = scored[key]
    if isinstance(value, str):
        return value
    if key in ("cost", "cost_own"):
        return f"{value:,.0f} ({value / best - 1:+.1%})"
    if key in _SHARES:
        return f"{value:+.1%}"
    return f"{value:.1f}" if key in ("train", "predict") else f"{value:.4f}"


def _ranks(report: Report, found: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    by_key = {
        key: ranks({name: {m: float(scored[key]) for m, scored in of.items()} for name, of in found.items()})
        for key in ("wape", "cost")
    }
    lines = []
    for method in by_key["wape"]:
        both = [by_key[key][method] for key in ("wape", "cost")]
        values = [value for rank in both for value in (rank.mean, rank.worst)]
        lines.append([METHODS[method], *(f"{value:.1f}" for value in values)])
    columns = ["", "WAPE, mean rank", "worst", "cost of orders, mean rank", "worst"]
    report.table(f"Ranks over {len(found)} data set(s)", columns, lines)


if __name__ == "__main__":
    main()
