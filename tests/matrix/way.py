"""One case from its files to an answered request, by the commands that a user calls.

A run's nodes take half a minute where each has a process of its own that starts TensorFlow anew. Here they run one
after the other in one process, which loads a model once; nothing else differs: files, checks, launcher, cache, Beam,
TFMA, gate and store are the real ones. With ``own_processes`` nothing differs at all; every thirtieth case goes so.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import yaml

from components.example_generation.options import DataOptions
from pipeline.cli.app import main
from pipeline.compat import beam_arguments
from pipeline.node_result import NodeResult
from pipeline.running.node import node_ids
from pipeline.running.node_process import report_of
from pipeline.telemetry.logs import Logs
from tests.matrix import files, retailer
from tests.matrix.cases import Case
from tests.matrix.retailer import KNOWN_AHEAD, LEAD_TIME, MINIMUM_HISTORY, REVIEW, Retailer

OPEN = {
    "demand_skill": -1e6,
    "slice_skill": -1e6,
    "calibration_band": 1,
    "replenishment_skill": -1e6,
    "loss_margin": 1e6,
    "cost_margin": 1e6,
    "base_stock_cost": 1e6,
    "incumbent_cost": 1e6,
    "other_cost": 1e6,
    "fill_rate_margin": 1,
}
"""Models of one epoch on ten windows are bad; whether they are good enough is not asked here."""


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Way:
    """All that is left of a case that went the whole way.

    Attributes:
        made: the data.
        workspace: with everything in it.
        earlier: date of the first plan, which later sales are known of.
        commands: what each printed, by what it was called for.
        forecasts: file that ``predict`` wrote.
    """

    made: Retailer
    workspace: Path
    earlier: str
    commands: Mapping[str, Done]
    forecasts: Path


def settings(case: Case, database: str | None) -> dict[str, Any]:
    """The configuration of a case, as YAML has it."""
    lengths = retailer.Lengths.of(case)
    data: dict[str, Any] = {
        "frequency": case["frequency"],
        "missing_dates": case["missing_dates"],
        "lead_time": LEAD_TIME[case["lead_time"]],
        "shards": 2,
    }
    if case["duplicates"] == "sum" and "duplicates" in DataOptions.model_fields:
        data["duplicates"] = "sum"
    if case["planned"] == "settings":
        data["known_ahead"] = KNOWN_AHEAD
    tiny = {"epochs": 1, "units": 4, "embedding": 1, "final_passes": 1}
    levels = {} if case["quantiles"] == "default" else {"quantiles": [0.1, 0.5, 0.9]}
    return {
        "data": data,
        "windows": {
            "history": lengths.history,
            "horizon": lengths.horizon,
            "test_periods": lengths.test,
            "eval_periods": lengths.eval,
            "minimum_history": MINIMUM_HISTORY,
            "review_period": REVIEW[case["frequency"]],
            "train_stride": 1,
            "newest_stride": 2,
            "eval_stride": 2,
        },
        "demand_forecasting": tiny | levels | {"trees": 3 if case["trees"] == "some" else 0},
        "replenishment_optimization": tiny,
        "gate": OPEN,
        "serving": {"latency_one": 1e6, "latency_many": 1e6},
        # Types were checked in every pipeline that had its own processes; here they are half of Beam's time.
        "beam_arguments": [*beam_arguments(), "--no_pipeline_type_check"],
        "database_url": database,
    }


def go(case: Case, folder: Path, database: str | None, own_processes: bool = False) -> Way:
    """Writes the files of a case and calls one command after the other; what comes of it is not judged here.

    Args:
        case: to go.
        folder: empty; takes everything.
        database: address of an empty database of this case's own; None: the embedded server.
        own_processes: run each node in a process of its own.
    """
    made = retailer.make(case)
    data, workspace = (
        folder / "data",
        folder / ("work space" if case["workspace"] == "blanks" else "workspace"),
    )
    files.write(made.frames, data, case["form"])
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(settings(case, database), allow_unicode=True), encoding="utf-8")
    forecasts = folder / "forecasts.parquet"
    earlier = str(sorted(made.sales.date.unique())[-3])[:10]
    store, product = made.series[-1]
    asked: dict[str, list[str]] = {
        "run": ["run"],
        "earlier plan": ["plan", "--as-of", earlier],
        "plan": ["plan"],
        "plan again": ["plan"],
        "actuals": ["actuals"],
        "predict": ["predict", "--store", store, "--product", product],
        "predict all": ["predict", "--out", str(forecasts)],
    }
    commands: dict[str, Done] = {}
    around = contextlib.nullcontext() if own_processes else _in_one_process()
    with around:
        for name, (command, *extra) in asked.items():
            base = ["--data", str(data), "--workspace", str(workspace), "--config", str(config)]
            commands[name] = _call([command, *base, *extra], folder / "printed")
            if commands[name].code:
                break
    return Way(made, workspace, earlier, commands, forecasts)


def _call(arguments: list[str], printed: Path) -> Done:
    sys.argv = ["retail-inventory", *arguments]
    code: Any = 0
    with _printing_into(printed.with_suffix(".out"), printed.with_suffix(".err")):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            import traceback

            traceback.print_exc()
            code = 1
    out, err = (printed.with_suffix(ending).read_text(errors="replace") for ending in (".out", ".err"))
    return Done(int(code), out, err)


@contextlib.contextmanager
def _printing_into(out: Path, err: Path, append: bool = False) -> Iterator[None]:
    """File descriptors 1 and 2 are these files for a while, for whoever writes to them."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [(number, os.dup(number)) for number in (1, 2)]
    for number, path in ((1, out), (2, err)):
        to = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_APPEND if append else os.O_TRUNC), 0o644)
        os.dup2(to, number)
        os.close(to)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, before in kept:
            os.dup2(before, number)
            os.close(before)


@contextlib.contextmanager
def _in_one_process() -> Iterator[None]:
    with mock.patch("pipeline.running.run.run_pipeline", _run_in_turn):
        yield


def _run_in_turn(compiled: Any, logs: Logs, workers: int, watch: Any = None) -> list[NodeResult]:
    """As ``pipeline.running.runner.run_pipeline``, in this process."""
    results = [NodeResult(node, state="skipped", log=logs.output(node)) for node in node_ids(compiled)]
    for i, result in enumerate(results):
        assert result.log is not None
        begun = time.monotonic()
        with _printing_into(result.log, result.log, append=True):
            report = report_of(compiled, result.node)
        seconds = time.monotonic() - begun
        results[i] = NodeResult.from_fields({**result.to_fields(), **report, "seconds": seconds})
        if not results[i].ended_well:
            break
    return results
