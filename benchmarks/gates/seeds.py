"""How often chance alone turns the model gate: the same pair trained with many seeds, each judged against each.

    python -m benchmarks.gates.seeds --seeds 20

All pairs are equally good by design, so every refusal against an incumbent is a false one. The gate's bootstrap
interval has a level of 95 %: it states an error of 2.5 % on the side that refuses. The interval knows the luck of
series alone; what the luck of training adds has to fit into the gate's margins, which were chosen on seeds 0 to 19.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path
from typing import Any

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TensorFlow)
import numpy as np
import tensorflow as tf

from benchmarks.harness.report import Report
from components.example_generation.folder import read_folder
from components.example_generation.ingest import prepare
from components.model_gate.executor import series_errors
from components.model_gate.judging import Coverage, Evaluation, Simulated, judge
from components.policy_comparison import closed_loop
from components.policy_comparison.calibration import coverage_at_level
from components.policy_comparison.errors import errors_by_series
from components.policy_comparison.executor import answers
from components.policy_comparison.predicting import load
from components.policy_comparison.reviews import Paths, Reviews
from components.windowing.cutting import Shard
from components.windowing.encoding import encode
from components.windowing.serving import with_known_future
from components.windowing.splits import decision_origins, origins
from contracts.models import DEMAND, REPLENISHMENT
from contracts.policies import BASE_STOCK, INCUMBENT, MODEL
from pipeline.config import Config
from pipeline.inputs.as_of import last_date
from pipeline.inputs.batch import feature_space, planned_ahead
from pipeline.sample_data.files import write_sample_data
from trainers.demand_forecasting import evaluate as demand_evaluate
from trainers.demand_forecasting import train as demand_train
from trainers.options import DemandOptions, ReplenishmentOptions
from trainers.replenishment_optimization import evaluate as replenishment_evaluate
from trainers.replenishment_optimization import train as replenishment_train
from trainers.task import Task
from trainers.transform_graph import analyse

CONFIG = Config()
REVIEW = CONFIG.windows.review_period
_METRICS = {"demand": "wape", "replenishment": "cycle_cost"}


class _Data:
    """The windows that every seed trains and is judged on."""

    def __init__(self, folder: Path) -> None:
        write_sample_data(folder / "data", stores=4, products=60, periods=730, seed=7)
        read = read_folder(folder / "data", CONFIG.data)
        self.rows = read.rows
        prepared = prepare(folder / "data", CONFIG.data, CONFIG.windows.review_period)
        planned = planned_ahead(prepared, CONFIG, last_date(folder / "data", CONFIG))
        self.space = feature_space(prepared, CONFIG, planned)
        rows, _ = with_known_future(read.rows, read.future, self.space)
        shard = Shard(rows, self.space, CONFIG.windows)
        dates = self.rows["date"].to_numpy()
        first, last = int(dates.min()), int(dates.max())
        self.examples, self.files = {}, {}
        for split in ("train", "eval", "test"):
            chosen = origins(split, first, last, CONFIG.windows, 1)
            found = list(encode(shard.labelled(chosen), self.space.raw_features()))
            self.examples[split] = found
            self.files[split] = str(folder / split)
            with tf.io.TFRecordWriter(self.files[split]) as writer:
                for example in found:
                    writer.write(example)
        decisions = shard.decision_points(decision_origins(last, CONFIG.windows, 1))
        self.examples["decisions"] = list(encode(decisions, self.space.decision_features()))
        self.graph = analyse([self.files["train"]], self.space, str(folder / "graph"))


def trained(data: _Data, seed: int, folder: Path) -> dict[str, Any]:
    """Trains a pair and measures all that the gate asks for, but for the comparison with an incumbent."""
    splits = [data.files["train"]], [data.files["eval"]], data.graph, data.space
    demand, replenishment = str(folder / f"demand-{seed}"), str(folder / f"replenishment-{seed}")
    demand_train.train(Task(*splits, demand), DemandOptions(seed=seed))
    replenishment_train.train(Task(*splits, replenishment), ReplenishmentOptions(seed=seed))
    models = {DEMAND: load(demand), REPLENISHMENT: load(replenishment)}
    levels = CONFIG.demand_forecasting.quantiles
    test = answers(iter([tf.constant(data.examples["test"])]), data.space.raw_features(), models)
    features = data.space.decision_features()
    decisions = answers(iter([tf.constant(data.examples["decisions"])]), features, models)
    reviews = Reviews.of(data.rows, decisions, Paths.of(levels, [], data.space.horizon), 1)
    held = reviews.held
    runs = closed_loop.run_policies(
        held, {name: reviews.levels(name) for name in (MODEL, BASE_STOCK)}, REVIEW
    )
    files = [data.files["test"]]
    periods = test["label_units"], test["label_observed"], test["quantiles"]
    return {
        "demand": demand_evaluate.evaluate(demand, files, data.space),
        "replenishment": replenishment_evaluate.evaluate(replenishment, files, data.space),
        "errors": series_errors(errors_by_series(test, levels)),
        "coverage": coverage_at_level(*periods, levels),
        "policies": closed_loop.report(held, runs, REVIEW, 1),
        "costs": closed_loop.costs_by_series(held, runs, reviews.asked[BASE_STOCK][:, 0], REVIEW),
    }


def refused_by(candidate: dict[str, Any], incumbent: dict[str, Any]) -> list[str]:
    """The checks that stop a candidate."""
    metrics = {
        key: candidate[key] | {f"{metric}_diff": candidate[key][metric] - incumbent[key][metric]}
        for key, metric in _METRICS.items()
    }
    found = judge(
        Evaluation(metrics["demand"]),
        Evaluation(metrics["replenishment"]),
        candidate["errors"],
        Coverage(candidate["coverage"], candidate["coverage"]),
        Simulated(
            candidate["policies"] | {INCUMBENT: incumbent["policies"][MODEL]},
            candidate["costs"] | {INCUMBENT: incumbent["costs"][MODEL]},
        ),
        CONFIG.gate,
    )
    return [check.check for check in found if check.verdict == "stop"]


def main() -> None:
    """Prints one table and writes results/gate_seeds.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gate-seeds-") as name:
        data = _Data(Path(name))
        pairs = []
        for seed in range(options.first, options.first + options.seeds):
            pairs.append(trained(data, seed, Path(name)))
            print(
                f"seed {seed}: WAPE {pairs[-1]['demand']['wape']:.4f}, cycle cost "
                f"{pairs[-1]['replenishment']['cycle_cost']:.4f}, simulated "
                f"{pairs[-1]['policies'][MODEL]['total_cost']:,.0f}",
                flush=True,
            )
    judged = [refused_by(a, b) for a, b in itertools.permutations(pairs, 2)]
    checks = sorted({check for found in judged for check in found})
    lines = [[check, f"{np.mean([check in found for found in judged]):.1%}"] for check in checks]
    lines.append(["any check", f"{np.mean([bool(found) for found in judged]):.1%}"])
    report = Report("gate_seeds")
    report.table(f"Refusals among {len(judged)} comparisons of equally good pairs", ["", "share"], lines)
    results = {
        "wape": [pair["demand"]["wape"] for pair in pairs],
        "cycle_cost": [pair["replenishment"]["cycle_cost"] for pair in pairs],
        "simulated_cost": [pair["policies"][MODEL]["total_cost"] for pair in pairs],
        "refused": {check: float(np.mean([check in found for found in judged])) for check in checks},
    }
    report.write(results)


if __name__ == "__main__":
    main()
