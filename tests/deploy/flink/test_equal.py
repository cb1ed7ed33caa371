"""Every step makes the same on a cluster as on this machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
import tensorflow_model_analysis as tfma
import tensorflow_transform as tft
from pyarrow import csv

from contracts import files, nodes
from contracts.models import MODELS
from contracts.splits import TRAIN, split_folder
from tests.deploy.flink.cluster import ENGINE, Flink
from tests.pipeline.small import Small

CLOSE, FLOAT32 = 1e-9, 1e-6
"""Relative. Beam cuts batches by time, and a model's answers in float32 differ in their last digit by the batch."""


@dataclass(frozen=True)
class Made:
    """Two workspaces of the same data: made here, and on the cluster."""

    here: Path
    there: Path

    def both(self, node: str, output: str) -> tuple[Path, Path]:
        """The one artifact of a node in each."""
        here, there = (
            sorted((root / "artifacts" / node / output).iterdir()) for root in (self.here, self.there)
        )
        assert len(here) == len(there) == 1
        return here[0], there[0]


@pytest.fixture(scope="module")
def made(flink: Flink) -> Made:
    small = Small(flink.folder("equal"))
    on_flink = small.root / "flink.yaml"
    on_flink.write_text(small.config.read_text() + ENGINE)
    for workspace, config in (("here", small.config), ("there", on_flink)):
        given = [
            "--data",
            str(small.data),
            "--workspace",
            str(small.root / workspace),
            "--config",
            str(config),
        ]
        for command in ("run", "plan"):
            code, said = flink.call(command, *given)
            assert code == 0, said
    assert flink.running() == []
    names = [job["name"] for job in flink.jobs()]
    for does in (
        nodes.EXAMPLE_GEN, nodes.STATISTICS_GEN, nodes.WINDOWING, nodes.TRANSFORM, *nodes.EVALUATORS.values(), "rows",
        "scores",
    ):  # fmt: skip
        assert any(name.startswith("retail-inventory-") and name.endswith(f"-{does}") for name in names), does
    return Made(small.root / "here", small.root / "there")


def relative(root: Path, pattern: str) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob(pattern))


def same_bytes(here: Path, there: Path, pattern: str) -> None:
    assert relative(here, pattern) == relative(there, pattern) != []
    for name in relative(here, pattern):
        assert (here / name).read_bytes() == (there / name).read_bytes(), name


def test_rows(made: Made) -> None:
    here, there = made.both(nodes.EXAMPLE_GEN, "examples")
    same_bytes(here, there, "*.parquet")
    same_bytes(here, there, files.INGEST)


def test_rows_by_loopback(flink: Flink, made: Made) -> None:
    small = Small(flink.folder("loopback"))
    small.config.write_text(small.config.read_text() + ENGINE.replace("}", ", environment: loopback}"))
    place = ["--workspace", str(small.workspace), "--run", "20260101T000000Z-1"]
    for words in (
        ["compile", *place, "--data", str(small.data), "--config", str(small.config)],
        ["run-node", *place, "--node", nodes.EXAMPLE_GEN],
    ):
        code, said = flink.call(*words)
        assert code == 0, said
    there = next((small.workspace / "artifacts" / nodes.EXAMPLE_GEN / "examples").iterdir())
    same_bytes(made.both(nodes.EXAMPLE_GEN, "examples")[0], there, "*.parquet")


def test_statistics(made: Made) -> None:
    def features(root: Path) -> dict[str, bytes]:
        # They come in the order in which workers are done.
        (found,) = tfdv.load_stats_binary(str(next(root.rglob("FeatureStats.pb")))).datasets
        return {feature.path.step[0]: feature.SerializeToString(deterministic=True) for feature in found.features} | {
            "": str(found.num_examples).encode()
        }  # fmt: skip

    here, there = (features(root) for root in made.both(nodes.STATISTICS_GEN, "statistics"))
    assert here == there and len(here) > 5


def examples(path: Path) -> Iterator[str]:
    """A hash of each window; the bytes of one that means the same differ by the order of its features."""
    for record in tf.data.TFRecordDataset(str(path), compression_type="GZIP").as_numpy_iterator():
        found = tf.train.Example.FromString(record)
        yield hashlib.sha256(found.SerializeToString(deterministic=True)).hexdigest()


def test_windows(made: Made) -> None:
    here, there = made.both(nodes.WINDOWING, "windows")
    same_bytes(here, there, "*.parquet")
    same_bytes(here, there, files.WINDOWS)
    assert relative(here, "*.gz") == relative(there, "*.gz") != []
    for name in relative(here, "*.gz"):
        assert list(examples(here / name)) == list(examples(there / name)), name


def test_transform_graph(made: Made) -> None:
    here, there = made.both(nodes.TRANSFORM, "transform_graph")
    same_bytes(here, there, "assets/*")
    windows, _ = made.both(nodes.WINDOWING, "windows")
    file = next((windows / split_folder(TRAIN)).glob("*.gz"))
    serialized = next(iter(tf.data.TFRecordDataset(str(file), compression_type="GZIP").batch(200)))
    answers = []
    for root in (here, there):
        graph = tft.TFTransformOutput(str(root))
        parsed = tf.io.parse_example(serialized, graph.raw_feature_spec())
        answers.append(graph.transform_features_layer()(parsed))
    assert answers[0].keys() == answers[1].keys() and len(answers[0]) > 10
    for name, values in answers[0].items():
        np.testing.assert_allclose(values.numpy(), answers[1][name].numpy(), rtol=CLOSE, atol=0, err_msg=name)


@pytest.mark.parametrize("model", MODELS)
def test_evaluation(made: Made, model: str) -> None:
    def figures(root: Path) -> dict[str, float]:
        found = tfma.load_eval_result(str(root)).slicing_metrics
        return {
            f"{slice_} {name}": value["doubleValue"]
            for slice_, metrics in found
            for name, value in metrics[""][""].items()
            if "doubleValue" in value
        }

    here, there = (figures(root) for root in made.both(nodes.EVALUATORS[model], "evaluation"))
    assert here.keys() == there.keys() and len(here) > 20
    for name, value in here.items():
        assert there[name] == pytest.approx(value, rel=FLOAT32, nan_ok=True), name


def test_policies_in_money(made: Made) -> None:
    here, there = made.both(nodes.POLICY_COMPARISON, "comparison")
    same_bytes(here, there, "*.json")
    same_bytes(here, there, "*.parquet")


def test_verdict(made: Made) -> None:
    def verdicts(root: Path) -> list[tuple[str, str]]:
        found: list[dict[str, Any]] = json.loads(next((root / "reports").rglob("summary.json")).read_text())[
            "components"
        ]
        return [(node["node"], node["state"]) for node in found]

    assert verdicts(made.here) == verdicts(made.there)


def test_plan(made: Made) -> None:
    def lines(root: Path) -> pa.Table:
        # Versions are the time of their push.
        return csv.read_csv(root / "order_lines.csv").drop(["model_version"])

    here, there = (next((root / "plans").iterdir()) for root in (made.here, made.there))
    assert lines(here).equals(lines(there)) and lines(here).num_rows > 5
    assert pq.read_table(here / files.FORECASTS).equals(pq.read_table(there / files.FORECASTS))
