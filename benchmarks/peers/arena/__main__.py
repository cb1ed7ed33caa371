"""Other forecasters on one task; runs in an environment without TFX.

    .venv-peers/bin/python -m benchmarks.peers.arena folder --methods recent_mean,ets

Writes ``<method>.parquet`` (the periods ahead, at each review), ``<method>_before.parquet`` (the horizon before the
origin, forecast without it) and ``<method>.json`` (seconds) into the task's folder.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers.arena import boosting, plain, statistical
from benchmarks.peers.arena.forecast import Forecast, anew
from benchmarks.peers.arena.task import Task

METHODS: dict[str, Callable[[Task], Forecast]] = {
    "recent_mean": lambda task: anew(plain.recent_mean, task),
    "seasonal_naive": lambda task: anew(plain.seasonal_naive, task),
    "seasonal_mean": lambda task: anew(plain.seasonal_mean, task),
    "ets": statistical.auto_ets,
    "theta": statistical.auto_theta,
    "croston": statistical.croston,
    "lightgbm_l1": lambda task: boosting.lightgbm(task, "l1"),
    "lightgbm_tweedie": lambda task: boosting.lightgbm(task, "tweedie"),
}


def main() -> None:
    """Reads a task, writes forecasts and seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", default=",".join(METHODS))
    options = parser.parse_args()
    task = Task.read(options.folder)
    for name in options.methods.split(","):
        forecast = METHODS[name](task)
        forecast.table.to_parquet(options.folder / f"{name}.parquet", index=False)
        before = METHODS[name](task.before())
        before.table.to_parquet(options.folder / f"{name}_before.parquet", index=False)
        # Last, so that a method whose seconds are there is done.
        seconds = {"train": forecast.train, "predict": forecast.predict}
        (options.folder / f"{name}.json").write_text(json.dumps(seconds) + "\n")


if __name__ == "__main__":
    main()
