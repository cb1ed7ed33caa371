"""Windowing as TFX runs it, on Beam, over the rows of several spans."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx.types import artifact_utils, standard_artifacts

from components.example_generation.joining.future import Future
from components.windowing.cutting import Shard
from components.windowing.executor import Executor, shard_files
from components.windowing.following import Lent, debuts, lend
from components.windowing.options import WindowOptions
from components.windowing.splits import SPLITS, choice_origins, decision_origins, origins, refit_origins
from components.windowing.stages import cut_shard, spread_out
from contracts import files
from contracts.errors import DataRejected, UserError
from contracts.files import CHOICE_PERIOD, TEST_PERIOD
from contracts.rows import write_shard
from contracts.splits import CHOICE_POINTS, DECISION_POINTS, REFIT
from inventory.policies import LOOK_BACK
from tests.components.windowing.tables import make_frame, to_table
from transforms.features import FeatureSpace

SPACE = FeatureSpace(history=10, horizon=5, numeric_external=("temperature",), text_external=("event",))
OPTIONS = WindowOptions(
    history=10, horizon=5, test_periods=7, eval_periods=7, train_stride=2, eval_stride=1, minimum_history=3,
    review_period=3,
)  # fmt: skip


NAMES = ("product_id", "origin", "history_present")


def span_of(folder: Path, span: int, frames: dict[str, pd.DataFrame]) -> standard_artifacts.Examples:
    """An artifact with one shard file for each name."""
    artifact = standard_artifacts.Examples()
    artifact.uri = str(folder / f"span-{span}")
    artifact.split_names = artifact_utils.encode_split_names(["all"])
    artifact.span, artifact.version, artifact.id = span, 1, span
    rows = Path(artifact.uri, "Split-all")
    rows.mkdir(parents=True)
    for name, frame in frames.items():
        write_shard(to_table(frame), rows / f"rows-{name}.parquet")
    nothing = pa.table({"date": pa.array([], pa.int64()), "store_id": pa.array([], pa.string())})
    Future(nothing).write(artifact.uri)
    dates = pd.concat(frames.values()).date
    for name, day in (("first_date", dates.min()), ("last_date", dates.max())):
        iso = (datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day))).isoformat()
        artifact.set_string_custom_property(name, iso)
    return artifact


def run(
    tmp_path: Path,
    current: standard_artifacts.Examples,
    earlier: Sequence[standard_artifacts.Examples] = (),
    options: WindowOptions = OPTIONS,
) -> Path:
    windows, schema = standard_artifacts.Examples(), standard_artifacts.Schema()
    windows.uri, schema.uri = str(tmp_path / "windows"), str(tmp_path / "schema")
    Executor().Do(
        {"examples": [current], "earlier_examples": list(earlier), "gate": []},
        {"windows": [windows], "schema": [schema]},
        {"feature_space": SPACE.to_json(), "options": options.model_dump_json()},
    )
    assert (Path(schema.uri) / "schema.pbtxt").exists()
    return Path(windows.uri)


def read(folder: Path, split: str) -> int:
    files = [str(path) for path in (folder / f"Split-{split}").glob("*.gz")]
    return sum(1 for _ in tf.data.TFRecordDataset(files, "GZIP"))


def examples(path: Path) -> list[bytes]:
    """Serialized anew: the order of features within a tf.Example is not fixed."""
    records = tf.data.TFRecordDataset(str(path), "GZIP").as_numpy_iterator()
    return [tf.train.Example.FromString(record).SerializeToString(deterministic=True) for record in records]


def test_every_window_is_written_once_and_counted(tmp_path: Path) -> None:
    frames = {
        "00000-of-00003": make_frame({("s1", "p1"): (0, 60)}, seed=1),
        "00002-of-00003": make_frame({("s2", "p1"): (0, 60), ("s2", "p2"): (10, 50)}, seed=2),
    }
    folder = run(tmp_path, span_of(tmp_path, 1, frames))

    summary = json.loads((folder / "windows.json").read_text())
    splits = ("train", "eval", "test", "refit", "decision_points", "choice_points")
    assert summary["windows"] == {split: read(folder, split) for split in splits}
    # Three origins fit 7 periods with a horizon of 5, for each of the three series.
    assert summary["windows"]["test"] == summary["windows"]["eval"] == 9
    # 11 days from the first label window that reaches into the eval split, every third of them.
    assert summary["windows"]["refit"] == 12
    # The test period of 7 days has three reviews, at the cutoff and every third day, for each of the three series.
    assert summary["windows"]["decision_points"] == summary["windows"]["choice_points"] == 9
    cutoff = max(frame.date.max() for frame in frames.values()) - 7
    whole = pd.concat(frames.values())
    order, columns = ["store_id", "product_id", "date"], ["product_id", "date", "units_sold"]
    for period, first, last in (("test_period", cutoff, cutoff + 7), ("choice_period", cutoff - 7, cutoff)):
        expected = whole[(whole.date > first - 3 * LOOK_BACK) & (whole.date <= last)].sort_values(order)
        rows = pq.read_table(folder / period).to_pandas().sort_values(order)
        assert rows[columns].fillna(-1).values.tolist() == expected[columns].fillna(-1).values.tolist()
    assert FeatureSpace.from_json((folder / "feature_space.json").read_text()) == SPACE


def test_the_policy_is_chosen_by_some_series_of_many(tmp_path: Path) -> None:
    frame = make_frame({("s1", f"p{i}"): (0, 60) for i in range(7)}, seed=5)
    rows = to_table(frame)
    chosen = spread_out(rows, 3)
    assert chosen["product_id"].unique().to_pylist() == ["p0", "p3", "p6"]
    assert chosen.num_rows == 3 * 60
    last = int(frame.date.max())
    targets = {name: str(tmp_path / name) for name in (*SPLITS, REFIT, DECISION_POINTS, CHOICE_POINTS)}
    targets |= {name: str(tmp_path / name) for name in (TEST_PERIOD, CHOICE_PERIOD)}
    write_shard(rows, tmp_path / "rows.parquet")
    origins_of = {split: origins(split, int(frame.date.min()), last, OPTIONS, 1) for split in SPLITS}
    origins_of |= {
        REFIT: refit_origins(last, OPTIONS, 1),
        DECISION_POINTS: decision_origins(last, OPTIONS, 1),
        CHOICE_POINTS: choice_origins(last, OPTIONS, 1),
    }
    future = Future(pa.table({"date": pa.array([], pa.int64()), "store_id": pa.array([], pa.string())}))
    borders = last - OPTIONS.test_periods, last
    counts = cut_shard(
        [str(tmp_path / "rows.parquet")], targets, origins_of, borders, future, SPACE, OPTIONS, None, 3
    )
    assert counts[DECISION_POINTS] == 7 * len(origins_of[DECISION_POINTS])
    assert counts[CHOICE_POINTS] == 3 * len(origins_of[CHOICE_POINTS])
    assert pq.read_table(targets[CHOICE_PERIOD])["product_id"].unique().to_pylist() == ["p0", "p3", "p6"]
    assert len(pq.read_table(targets[TEST_PERIOD])["product_id"].unique()) == 7


def test_a_new_span_continues_the_series_of_the_earlier_ones(tmp_path: Path) -> None:
    whole = make_frame({("s1", "p1"): (0, 60), ("s1", "p2"): (0, 60)}, seed=3)
    cut = whole.date.min() + 40
    # In the second span only one of the two shards has rows.
    first = {
        "00000-of-00002": whole[(whole.product_id == "p1") & (whole.date < cut)],
        "00001-of-00002": whole[whole.product_id == "p2"],
    }
    second = {"00000-of-00002": whole[(whole.product_id == "p1") & (whole.date >= cut - 5)]}
    parts = run(tmp_path / "a", span_of(tmp_path, 2, second), [span_of(tmp_path, 1, first)])
    at_once = run(
        tmp_path / "b",
        span_of(
            tmp_path,
            3,
            {
                "00000-of-00002": whole[whole.product_id == "p1"],
                "00001-of-00002": whole[whole.product_id == "p2"],
            },
        ),
    )
    for split in ("train", "eval", "test", "refit"):
        for name in ("windows-00000-of-00002.gz", "windows-00001-of-00002.gz"):
            ours, expected = (examples(folder / f"Split-{split}" / name) for folder in (parts, at_once))
            assert ours == expected
            assert len(ours) > 0


def test_a_predecessor_of_another_shard_lends_its_history(tmp_path: Path) -> None:
    whole = make_frame({("s1", "new"): (30, 30), ("s1", "old"): (0, 60)}, seed=3)
    whole = whole.assign(in_stock=1.0, units_sold=whole.units_sold.fillna(2.0))
    frames = {f"0000{i}-of-00002": whole[whole.product_id == name] for i, name in enumerate(("new", "old"))}
    current = span_of(tmp_path, 1, frames)
    followed = {"": {"new": "old"}}
    Path(current.uri, files.OF_PRODUCTS["follows"]).write_text(json.dumps(followed))
    folder = run(tmp_path, current)

    rows = to_table(whole)
    reach = SPACE.history
    lent = Lent.of([lend(rows, debuts(rows, followed), followed, reach)], OPTIONS.minimum_history)
    expected = {}
    for window in Shard(rows, SPACE, OPTIONS, lent).inputs(whole.date.min() + np.arange(60)):
        for product, origin, present in zip(*(window[n] for n in NAMES), strict=True):
            expected[product[0], origin[0]] = present.tolist()
    found = {}
    for path in (folder / "Split-train").glob("*.gz"):
        for record in examples(path):
            values = tf.train.Example.FromString(record).features.feature
            key = values["product_id"].bytes_list.value[0], values["origin"].int64_list.value[0]
            found[key] = list(values["history_present"].float_list.value)
    assert {key: expected[key] for key in found} == found
    early = {key[1] - whole.date.min() - 29 for key in found if key[0] == b"new"}
    assert early & {1, 2} and any(0 < weight < 1 for present in found.values() for weight in present)


def test_what_is_sold_in_the_test_period_is_no_label_of_the_refit_split(tmp_path: Path) -> None:
    whole = make_frame({("s1", "p1"): (0, 60), ("s1", "p2"): (0, 60)}, seed=3)
    changed = whole.assign(units_sold=whole.units_sold.where(whole.date <= whole.date.max() - 7, 1e6))
    name = "00000-of-00001"
    found = []
    for folder, frame in ((tmp_path / "a", whole), (tmp_path / "b", changed)):
        windows = run(folder, span_of(folder, 1, {name: frame}))
        found.append(examples(windows / "Split-refit" / f"windows-{name}.gz"))
    assert found[0] == found[1] and len(found[0]) == 8


def test_too_little_history_is_refused_with_the_remedy(tmp_path: Path) -> None:
    frames = {"00000-of-00001": make_frame({("s1", "p1"): (0, 15)})}
    with pytest.raises(
        DataRejected,
        match=r"15 days, 2\d are needed.*no window for.*train.*Give at least 2\d days.*windows: {",
    ):
        run(tmp_path, span_of(tmp_path, 1, frames))


def test_spans_with_different_sharding_are_refused(tmp_path: Path) -> None:
    frame = make_frame({("s1", "p1"): (0, 15)})
    spans = [
        span_of(tmp_path, 1, {"00000-of-00001": frame}),
        span_of(tmp_path, 2, {"00001-of-00004": frame}),
    ]
    with pytest.raises(UserError, match=r"data\.shards"):
        shard_files(spans)
