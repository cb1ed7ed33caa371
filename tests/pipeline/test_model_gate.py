"""The model gate on models that were trained here: a worse pair is refused by name, a better one passes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from components.example_generation.folder import read_rows
from components.example_generation.ingest import prepare
from components.example_generation.options import DataOptions
from components.model_gate.executor import series_errors
from components.model_gate.judging import Coverage, Evaluation, Simulated, judge
from components.model_gate.options import GateOptions
from components.model_gate.slices import SeriesErrors
from components.policy_comparison import closed_loop
from components.policy_comparison.calibration import coverage_at_level
from components.policy_comparison.errors import errors_by_series
from components.policy_comparison.executor import answers
from components.policy_comparison.predicting import load
from components.policy_comparison.reviews import Paths, Reviews
from components.windowing.cutting import Shard
from components.windowing.encoding import encode
from components.windowing.options import WindowOptions
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

pytestmark = pytest.mark.slow

CONFIG = Config(windows=WindowOptions(history=28, test_periods=28, eval_periods=21, train_stride=5))
LABELS = (
    "label_units",
    "label_observed",
    "label_known",
    "label_demand",
    "label_demand_known",
    "protection_demand",
    "protection_observed",
    "pack_size",
)
Pair = dict[str, str]
"""Model by model the folder of its export."""


@dataclass(frozen=True)
class Judged:
    """What the gate needs to know of one pair."""

    demand: Evaluation
    replenishment: Evaluation
    errors: SeriesErrors
    coverage: Coverage
    simulated: Simulated


def write(path: Path, examples: list[bytes]) -> str:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            writer.write(example)
    return str(path)


def shuffled(examples: list[bytes]) -> list[bytes]:
    """The same windows, each with the labels of another one."""
    parsed = [tf.train.Example.FromString(example) for example in examples]
    order = np.random.default_rng(0).permutation(len(parsed))
    labels = [{n: parsed[i].features.feature[n].SerializeToString() for n in LABELS} for i in order]
    for example, foreign in zip(parsed, labels, strict=True):
        for name, value in foreign.items():
            example.features.feature[name].ParseFromString(value)
    return [example.SerializeToString() for example in parsed]


class Bench:
    """A retailer's windows, and how to train and judge a pair on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._judged: dict[tuple[tuple[str, ...], tuple[str, ...]], Judged] = {}
        write_sample_data(root / "data", stores=3, products=20, periods=330, seed=5)
        self.rows, _ = read_rows(root / "data", DataOptions())
        prepared = prepare(root / "data", CONFIG.data, CONFIG.windows.review_period)
        planned = planned_ahead(prepared, CONFIG, last_date(root / "data", CONFIG))
        self.space = feature_space(prepared, CONFIG, planned)
        self.shard = Shard(self.rows, self.space, CONFIG.windows)
        dates = self.rows["date"].to_numpy()
        self.first, self.last = int(dates.min()), int(dates.max())
        self.windows = {split: self._windows(split) for split in ("train", "eval", "test")}
        self.files = {split: write(root / split, found) for split, found in self.windows.items()}
        self.graph = analyse([self.files["train"]], self.space, str(root / "graph"))

    def _windows(self, split: str) -> list[bytes]:
        chosen = origins(split, self.first, self.last, CONFIG.windows, 1)
        found = list(encode(self.shard.labelled(chosen), self.space.raw_features()))
        return [found[i] for i in np.random.default_rng(1).permutation(len(found))]

    def pair(
        self, name: str, files: dict[str, str], epochs: tuple[int, int] = (5, 8), trees: int = 50
    ) -> Pair:
        """Trains both models on the train and eval files for so many epochs; returns their folders."""
        folders = {model: str(self.root / name / model) for model in (DEMAND, REPLENISHMENT)}
        splits = [files["train"]], [files["eval"]], self.graph, self.space
        demand_train.train(Task(*splits, folders[DEMAND]), DemandOptions(epochs=epochs[0], trees=trees))
        replenishment_train.train(
            Task(*splits, folders[REPLENISHMENT]), ReplenishmentOptions(epochs=epochs[1])
        )
        return folders

    def judged(self, pair: Pair, incumbent: Pair | None = None) -> Judged:
        """What is known of a pair; asked once, however many tests look at it."""
        asked = tuple(pair.values()), tuple((incumbent or {}).values())
        if asked not in self._judged:
            self._judged[asked] = self._judge(pair, incumbent)
        return self._judged[asked]

    def _judge(self, pair: Pair, incumbent: Pair | None) -> Judged:
        test = [self.files["test"]]
        demand = demand_evaluate.evaluate(pair[DEMAND], test, self.space)
        replenishment = replenishment_evaluate.evaluate(pair[REPLENISHMENT], test, self.space)
        models = {DEMAND: load(pair[DEMAND]), REPLENISHMENT: load(pair[REPLENISHMENT])}
        policies = [MODEL, BASE_STOCK]
        if incumbent:
            models[INCUMBENT] = load(incumbent[REPLENISHMENT])
            policies.append(INCUMBENT)
            demand |= difference(
                demand, demand_evaluate.evaluate(incumbent[DEMAND], test, self.space), "wape"
            )
            replenishment |= difference(
                replenishment,
                replenishment_evaluate.evaluate(incumbent[REPLENISHMENT], test, self.space),
                "cycle_cost",
            )
        levels = CONFIG.demand_forecasting.quantiles
        found = answers(iter([tf.constant(self.windows["test"])]), self.space.raw_features(), models)
        periods = found["label_units"], found["label_observed"], found["quantiles"]
        coverage = coverage_at_level(*periods, levels)
        features = self.space.decision_features()
        decisions = encode(
            self.shard.decision_points(decision_origins(self.last, CONFIG.windows, 1)), features
        )
        asked = answers(iter([tf.constant(list(decisions))]), features, models)
        reviews = Reviews.of(self.rows, asked, Paths.of(levels, [], self.space.horizon), 1)
        held = reviews.held
        runs = closed_loop.run_policies(held, {name: reviews.levels(name) for name in policies}, 7)
        costs = closed_loop.costs_by_series(held, runs, reviews.asked[BASE_STOCK][:, 0], 7)
        return Judged(
            Evaluation(demand),
            Evaluation(replenishment),
            series_errors(errors_by_series(found, levels)),
            Coverage(coverage, coverage),
            Simulated(closed_loop.report(held, runs, 7, 1), costs),
        )


def difference(mine: dict[str, float], other: dict[str, float], metric: str) -> dict[str, float]:
    """As TFMA reports it."""
    return {metric + "_diff": mine[metric] - other[metric]}


def stops(judged: Judged, options: GateOptions = GateOptions()) -> set[str]:  # noqa: B008  (frozen)
    found = judge(
        judged.demand, judged.replenishment, judged.errors, judged.coverage, judged.simulated, options
    )
    return {check.check for check in found if check.verdict == "stop"}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("model-gate"))


@pytest.fixture(scope="module")
def good(bench: Bench) -> Pair:
    return bench.pair("good", bench.files)


@pytest.fixture(scope="module")
def worse(bench: Bench) -> Pair:
    files = {
        split: write(bench.root / f"shuffled-{split}", shuffled(bench.windows[split]))
        for split in ("train", "eval")
    }
    return bench.pair("worse", files)


@pytest.fixture(scope="module")
def hasty(bench: Bench) -> Pair:
    return bench.pair("hasty", bench.files, epochs=(1, 1), trees=1)


def test_a_good_pair_passes_and_so_does_a_better_one(bench: Bench, good: Pair, hasty: Pair) -> None:
    assert stops(bench.judged(good)) == set()
    better = bench.judged(good, hasty)
    assert stops(better) == set()
    assert better.demand.metrics["wape_diff"] < 0


def test_a_fill_rate_is_not_given_away_for_a_lower_cost(bench: Bench, good: Pair) -> None:
    judged = bench.judged(good)
    policies, costs = judged.simulated.policies, judged.simulated.costs
    # Whoever orders what was sold keeps too much of everything: dear, and with a high fill rate.
    generous = Simulated(
        {**policies, INCUMBENT: policies["last_sales"]}, {**costs, INCUMBENT: costs["last_sales"]}
    )
    found = stops(replace(judged, simulated=generous), GateOptions(fill_rate_margin=0))
    assert found == {"simulated fill rate lost against incumbent"}


def test_a_pair_trained_on_shuffled_labels_is_refused_by_name(bench: Bench, good: Pair, worse: Pair) -> None:
    found = stops(bench.judged(worse, good))
    assert {
        "wape against the incumbent, relative",
        "cycle_cost against the incumbent, relative",
        "simulated cost against base stock, upper end",
        "simulated cost against the incumbent, lower end",
    } <= found


def test_against_the_incumbent_alone_the_worse_pair_is_refused_too(
    bench: Bench, good: Pair, worse: Pair
) -> None:
    """Absolute thresholds so low that only the comparison is left."""
    low = GateOptions(
        demand_skill=-9,
        slice_skill=-9,
        calibration_band=1,
        replenishment_skill=-99,
        base_stock_cost=99,
        other_cost=99,
        fill_rate_margin=1,
    )
    judged = bench.judged(worse, good)
    assert stops(judged, low) == {
        "wape against the incumbent, relative",
        "cycle_cost against the incumbent, relative",
        "simulated cost against the incumbent, lower end",
    }
    assert stops(replace(judged, simulated=bench.judged(worse).simulated), low) <= {
        "wape against the incumbent, relative",
        "cycle_cost against the incumbent, relative",
    }
