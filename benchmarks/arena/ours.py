"""Our pipeline at an origin: run and plan with default settings, and its own forecasts of the weeks before."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks.accuracy import mean_of
from benchmarks.arena.tasks import KEYS, SEPARATOR
from benchmarks.harness import measure, runs
from benchmarks.weekly import planned
from contracts.records.summary import SUMMARY_FILE, Summary

MEAN, MEDIAN = "ours_mean", "ours_median"
OPEN: dict[str, Any] = {
    "demand_skill": -1e6,
    "slice_skill": -1e6,
    "calibration_band": 1.0,
    "base_stock_cost": 1.0,
    "other_cost": 1.0,
    "replenishment_skill": -1.0,
    "fill_rate_margin": 1.0,
}
"""A gate that lets any pair through: what the arena wants is a forecast. What the gate says by default is recorded."""


def forecast(data: Path, cell: Path, reviews: Sequence[str], settings: dict[str, Any]) -> None:
    """Writes both forecasts into the cell, as the peers do: ahead, before the origin, and seconds with the verdict.

    Args:
        data: files of the contract; no command is told of anything after the origin but what is known ahead.
        cell: its folder; the workspace is made anew below it.
        reviews: the last known date of each, the origin's first.
        settings: our configuration.
    """
    place = cell / "ours"
    # What an ended call left may be of other code: the artifacts of two would lie side by side.
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    workspace, origin = place / "workspace", reviews[0]
    given = ["--data", str(data), "--workspace", str(workspace)]
    run, config = _run(place, [*given, "--as-of", origin], settings, "default")
    verdict = {"status": run.summary.status, "reasons": run.summary.reasons}
    if run.summary.status not in ("pushed", "refused_model"):
        raise RuntimeError(f"Our run ended as {run.summary.status}; see {place / 'run_default.log'}")
    train = run.components["DemandTrainer"]["seconds"]
    if run.summary.status != "pushed":
        # The models are those of the first run, from TFX's cache.
        gate = {**settings.get("gate", {}), **OPEN}
        run, config = _run(place, [*given, "--as-of", origin], {**settings, "gate": gate}, "opened")
    aheads, took = [], 0.0
    for review, date in enumerate(reviews):
        command = [sys.executable, "-m", "pipeline", "plan", *given, "--as-of", date, "--config", str(config)]
        took += measure.command(command, os.environ, place / f"plan_{date}.log").seconds / len(reviews)
        file = workspace / "plans" / date / "forecasts.parquet"
        means = pd.read_parquet(file, columns=["mean"])["mean"].to_numpy()
        aheads.append(planned(file).assign(mean=means, review=review))
    ahead = pd.concat(aheads, ignore_index=True)
    before, _ = runs.forecasts(run, place / "before.parquet")
    assert run.summary.planning is not None
    seconds = {
        "train": train,
        "predict": took,
        "verdict": verdict,
        "correlation": run.summary.planning.correlation,
        "plans_by": run.summary.planning.policy,
    }
    quantiles = [name for name in map(str, ahead) if name.startswith("quantile_")]
    newest = _newest(place / "before.parquet", before)
    tables = {
        MEAN: (ahead[[*KEYS, "date", "review"]].assign(demand=ahead["mean"]), mean_of(newest)),
        MEDIAN: (ahead[[*KEYS, "date", "review", "demand", *quantiles]], newest),
    }
    for method, (later, earlier) in tables.items():
        _named(later).to_parquet(cell / f"{method}.parquet", index=False)
        _named(earlier)[["unique_id", "ds", "demand"]].to_parquet(
            cell / f"{method}_before.parquet", index=False
        )
        (cell / f"{method}.json").write_text(json.dumps(seconds, default=str) + "\n")


def _run(place: Path, given: list[str], settings: dict[str, Any], name: str) -> tuple[runs.Run, Path]:
    config = place / f"{name}.yaml"
    config.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "pipeline", "run", *given, "--config", str(config)]
    taken = measure.command(command, os.environ, place / f"run_{name}.log", allowed=(0, 3))
    workspace = place / "workspace"
    # Run ids sort by time.
    newest = max(workspace.glob(f"reports/*/{SUMMARY_FILE}"))
    return runs.Run(workspace, Summary.read(newest), taken), config


def _newest(file: Path, before: pd.DataFrame) -> pd.DataFrame:
    """Of the windows before the origin those of the newest one, each period once."""
    as_of = pd.read_parquet(file, columns=["as_of"])["as_of"]
    newest: pd.DataFrame = before[(as_of == as_of.max()).to_numpy()]
    return newest


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Ids and dates as the peers have them."""
    ids = table["store_id"].astype(str) + SEPARATOR + table["product_id"].astype(str)
    named: pd.DataFrame = table.drop(columns=KEYS).rename(columns={"date": "ds"}).assign(unique_id=ids)
    return named
