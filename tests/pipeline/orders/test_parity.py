"""What a plan, a prediction and a caller of the service send a model is what it was trained and judged with.

The files are cut at an origin of the test split, with the plan of then; each way then makes windows of what is left,
and every feature is compared, bit for bit, with the window that training and gate cut out of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from components.example_generation.folder import read_prepared
from components.example_generation.ingest import prepare
from components.windowing.cutting import Shard, Windows
from components.windowing.following import lent_among
from components.windowing.serving import with_known_future
from components.windowing.splits import origins
from contracts.dates import to_date
from contracts.models import DEMAND, REPLENISHMENT
from contracts.rows import read_flat
from contracts.splits import TEST, split_folder
from pipeline.config import Config
from pipeline.inputs.as_of import last_date
from pipeline.inputs.batch import feature_space, planned_ahead
from pipeline.orders.planning.scoring import score
from pipeline.orders.shards import write_row_shards
from pipeline.orders.windows import SERVING, write_windows
from pipeline.sample_data.files import write_sample_data
from pipeline.workspace import Workspace
from tests.components.windowing.test_cutting import collect
from transforms.features import FeatureSpace

PERIODS, COMPARED = 150, 200
PLAN = ["unit_price", "discount", "on_promotion"]
Frames = dict[str, pd.DataFrame]
Change = Callable[[Frames], None]


def untouched(_: Frames) -> None:
    """With a plan of all prices, past and to come."""


def promotions_alone(frames: Frames) -> None:
    """The plan names what is promoted, from some past date on, and was not always kept."""
    plan = frames["planned_prices"]
    kept = (plan.on_promotion == 1) & (plan.date >= "2024-03-15")
    frames["planned_prices"] = plan[kept].drop(columns="unit_price").sample(frac=0.9, random_state=1)


def no_plan(frames: Frames) -> None:
    """Nothing was ever planned in writing, and settings say how far ahead prices are known."""
    del frames["planned_prices"]


def gaps(frames: Frames) -> None:
    """A store whose data end early, one without promotions, dates without a row, and empty cells."""
    sales = frames["sales_data"]
    sales = sales[~((sales.store_id == "S03") & (sales.date > sales.date.max() - pd.Timedelta(days=4)))]
    sales = sales.sample(frac=0.9, random_state=1)
    sales.loc[sales.store_id == "S02", "on_promotion"] = np.nan
    sales.loc[sales.sample(frac=0.1, random_state=2).index, ["unit_price", "discount"]] = np.nan
    frames["sales_data"] = sales
    no_plan(frames)


def closed_days(frames: Frames) -> None:
    """A store that closes on Sundays, one by the calendar on other days too, one that came to close on Tuesdays."""
    sales = frames["sales_data"]
    weekday, last = sales.date.dt.dayofweek, sales.date.max()
    every = pd.date_range(sales.date.min(), last + pd.Timedelta(days=30))
    told = pd.DataFrame(
        {"date": every, "store_id": "S02", "open": ((every.dayofweek != 6) & (every.day != 1)) * 1}
    )
    told = told[(told.date.dt.day % 2 == 0) | (told.open == 0)]
    shut = (sales.store_id == "S01") & (weekday == 6)
    shut |= (sales.store_id == "S02") & ((weekday == 6) | (sales.date.dt.day == 1))
    shut |= (sales.store_id == "S03") & (weekday == 1) & (sales.date > last - pd.Timedelta(days=80))
    frames["sales_data"], frames["store_calendar"] = sales[~shut], told


AHEAD = {"unit_price": 5, "discount": "all", "on_promotion": 9}
CASES: dict[str, tuple[Change, dict[str, Any]]] = {
    "a plan": (untouched, {}),
    "a plan of promotions": (promotions_alone, {}),
    "known ahead without a plan": (no_plan, {"known_ahead": AHEAD}),
    "gaps": (gaps, {"known_ahead": AHEAD}),
    "no plan at all": (no_plan, {}),
    "closed days": (closed_days, {}),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    folder = tmp_path_factory.mktemp("sample")
    write_sample_data(folder, stores=3, products=20, periods=PERIODS, seed=11)
    return {
        path.stem: pd.read_csv(path, parse_dates=False if path.stem == "products" else ["date"])
        for path in folder.glob("*.csv")
    }


def write(folder: Path, frames: Frames) -> Path:
    folder.mkdir()
    for name, frame in frames.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def cut(frames: Frames, origin: date, horizon: int) -> Frames:
    """The files as they were at the end of a date; where nothing was planned in writing, what came was the plan."""
    day = pd.Timestamp(origin)
    until = {
        name: frame[frame.date <= day] if name in ("sales_data", "inventory_levels") else frame
        for name, frame in frames.items()
    }
    ahead = day + pd.Timedelta(days=horizon)
    sales = frames["sales_data"]
    plan = frames.get("planned_prices", sales[["date", "store_id", "product_id", *PLAN]])
    if "planned_prices" not in frames:
        plan = plan[plan.date > day]
    return until | {"planned_prices": plan[plan.date <= ahead]}


def asked(windows: list[Windows]) -> Mapping[str, Any]:
    """Models of which one keeps what it is asked about; the other is asked of planned promotions a second time."""

    def level(features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        windows.append({name: values.numpy() for name, values in features.items()})
        nothing = tf.zeros([len(features["origin"]), 1])
        return {"order_up_to_level": nothing, "largest_order": nothing}

    def quantiles(features: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        count = len(features["origin"])
        return {"quantiles": tf.zeros([count, 14, 3]), "levels": tf.constant([[0.1, 0.5, 0.9]] * count)}

    return {DEMAND: quantiles, REPLENISHMENT: level}


def planned(folder: Path, config: Config, space: FeatureSpace, scratch: Path) -> list[Windows]:
    """As `plan` does."""
    read = write_row_shards(
        prepare(folder, config.data, config.windows.review_period), config, scratch, Workspace(scratch)
    )
    lent = lent_among(
        lambda: [read_flat(path) for path in read.files], read.small.products, space, config.windows
    )
    found: list[Windows] = []
    for shard in read.files:
        as_of = (read.report.last_date - date(1970, 1, 1)).days
        stock = read_flat(shard.replace("rows-", "stock-"))
        score(read_flat(shard), stock, read.future, as_of, space, config.windows, asked(found), lent)
    return found


def predicted(folder: Path, config: Config, space: FeatureSpace) -> list[Windows]:
    """As `predict` does."""
    read = read_prepared(prepare(folder, config.data, config.windows.review_period))
    found: list[Windows] = []
    as_of = (read.report.last_date - date(1970, 1, 1)).days
    score(read.rows, read.stock, read.future, as_of, space, config.windows, asked(found))
    return found


def served(folder: Path, config: Config, space: FeatureSpace, out: Path) -> list[Windows]:
    """As callers of the service make them."""
    write_windows(folder, out, config, lambda _: None)
    files = [str(path) for path in (out / split_folder(SERVING)).iterdir()]
    examples = tf.data.TFRecordDataset(files, "GZIP").batch(10_000).get_single_element()
    kinds = {"float": tf.float32, "int": tf.int64, "string": tf.string}
    spec = {f.name: tf.io.FixedLenFeature([f.size], kinds[f.dtype]) for f in space.model_inputs()}
    return [{name: values.numpy() for name, values in tf.io.parse_example(examples, spec).items()}]


@pytest.mark.parametrize("case", CASES)
def test_every_way_sends_the_window_that_was_trained_and_judged(
    case: str, sample: Frames, tmp_path: Path
) -> None:
    change, data = CASES[case]
    frames = {name: frame.copy() for name, frame in sample.items()}
    change(frames)
    config = Config.model_validate({"data": {"shards": 3, **data}})
    whole = write(tmp_path / "whole", frames)
    prepared = prepare(whole, config.data, config.windows.review_period)
    space = feature_space(prepared, config, planned_ahead(prepared, config, last_date(whole, config)))
    assert bool(space.planned()) == (case != "no plan at all")
    read = read_prepared(prepared)
    rows, last = with_known_future(read.rows, read.future, space)
    shard = Shard(rows, space, config.windows)
    first = int(read.rows["date"].to_numpy().min())
    chosen = origins(TEST, first, last, config.windows, 1)[[0, -1]]
    judged = collect(shard.labelled(chosen))
    features = [feature.name for feature in space.model_inputs()]
    index = {key: i for i, (key, _) in enumerate(by_series(judged))}
    compared = 0
    for origin in chosen:
        folder = write(tmp_path / f"cut-{origin}", cut(frames, to_date(int(origin)), space.horizon))
        scratch = tmp_path / f"scratch-{origin}"
        scratch.mkdir()
        ways = {
            "plan": planned(folder, config, space, scratch),
            "predict": predicted(folder, config, space),
        }
        if case == "a plan":  # `windows` settles by itself what is known ahead
            ways["service"] = served(folder, config, space, tmp_path / f"windows-{origin}")
        for way, batches in ways.items():
            known = [(key, row) for windows in batches for key, row in by_series(windows) if key in index]
            assert len(known) > 40, way
            compared += len(known)
            for key, row in known:
                for name in features:
                    assert equal(judged[name][index[key]], row[name]), (way, key, name)
    assert compared >= COMPARED
    if case == "closed days":
        closed = {
            key[0]: set(np.flatnonzero(judged["future_open"][index[key]] == 0).tolist())
            for key in index if key[2] == chosen[-1]
        }  # fmt: skip
        assert set(closed) == {b"S01", b"S02", b"S03"} and all(closed.values()), closed


def by_series(windows: Windows) -> Iterator[tuple[tuple[bytes, bytes, int], Windows]]:
    """Each window by store, product and origin."""
    keys = (windows[name][:, 0].tolist() for name in ("store_id", "product_id", "origin"))
    for i, key in enumerate(zip(*keys, strict=True)):
        yield key, {name: values[i] for name, values in windows.items()}


def equal(left: NDArray[Any], right: NDArray[Any]) -> bool:
    """To the last bit."""
    return left.tolist() == right.tolist() if left.dtype == object else left.tobytes() == right.tobytes()
