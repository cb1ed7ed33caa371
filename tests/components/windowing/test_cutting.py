"""Windows against an oracle that looks every value up in pandas, and against corruption of the future.

Over 300 lines: one oracle says what every feature and label is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from components.windowing.cutting import Shard, Windows
from components.windowing.options import WindowOptions
from contracts.arrays import Arrays
from inventory.base_stock import cycle_base_stock_level
from tests.components.windowing.tables import FIRST_DATE, make_frame, to_table, with_closed_days
from transforms.features import FeatureSpace

SPACE = FeatureSpace(
    history=10,
    horizon=5,
    numeric_external=("temperature", "holiday"),
    text_external=("event",),
    known_ahead=(("holiday", 5), ("event", 5), ("unit_price", 5), ("discount", 5), ("on_promotion", 5)),
)
OPTIONS = WindowOptions(
    history=10,
    horizon=5,
    test_periods=5,
    eval_periods=5,
    minimum_history=3,
    season=7,
    recent=4,
    base_stock_periods=8,
    review_period=2,
)
LENGTHS = {("s1", "p1"): (0, 40), ("s1", "p2"): (12, 20), ("s2", "p1"): (5, 3), ("s2", "p3"): (0, 25)}
ORIGINS = FIRST_DATE + np.arange(0, 40, 3)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return with_closed_days(make_frame(LENGTHS))


@pytest.fixture(scope="module")
def windows(frame: pd.DataFrame) -> Arrays:
    return collect(Shard(to_table(frame), SPACE, OPTIONS).labelled(ORIGINS))


def collect(batches: Iterable[Windows]) -> Arrays:
    parts = list(batches)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def oracle(
    frame: pd.DataFrame, space: FeatureSpace, options: WindowOptions, origins: NDArray[Any]
) -> list[dict[str, Any]]:
    """Every window by looking up one value at a time."""
    expected = []
    days = space.period_days
    for (store, product), series in frame.groupby(["store_id", "product_id"], sort=True):
        by_date = series.set_index("date")
        first, last = by_date.index[0], by_date.index[-1]
        for origin in origins:
            if not first + (options.minimum_history - 1) * days <= origin <= last:
                continue
            past = [origin - days * back for back in range(space.history - 1, -1, -1)]
            ahead = [origin + days * step for step in range(1, space.horizon + 1)]

            def look(
                dates: list[int], column: str, missing: object, rows: pd.DataFrame = by_date
            ) -> list[Any]:
                return [rows[column].get(date, missing) for date in dates]

            def told(
                column: str, nothing: float, rows: pd.DataFrame = by_date, dates: list[int] = ahead
            ) -> list[Any]:
                """Of a date with a row that does not say it, that nothing was planned."""
                found = [rows[column].get(date, math.nan) for date in dates]
                return [
                    nothing if math.isnan(v) and date in rows.index else v
                    for date, v in zip(dates, found, strict=True)
                ]

            sold, stock = look(past, "units_sold", math.nan), look(past, "in_stock", 0.0)
            coming, coming_stock = look(ahead, "units_sold", math.nan), look(ahead, "in_stock", 0.0)
            if all(math.isnan(units) for units in coming):
                continue
            mask = [not math.isnan(units) for units in sold]
            label_mask = [not math.isnan(units) for units in coming]
            observed = [k and s >= 1 for k, s in zip(label_mask, coming_stock, strict=True)]
            shares = [s if k else 0.0 for k, s in zip(label_mask, coming_stock, strict=True)]
            shut = [status == 0 for status in look(ahead, "open", 1.0)]
            clear = [closed or share >= 1 / 3 for closed, share in zip(shut, shares, strict=True)]
            sales = [u if k else 0.0 for u, k in zip(coming, label_mask, strict=True)]
            wanted = [u / s if s >= 1 / 3 else u for u, s in zip(sales, shares, strict=True)]
            at = by_date.loc[origin]
            weekdays = f"{int(at['closed_weekdays']):07b}"[::-1]
            opens = [
                (1.0 - float(weekdays[pd.Timestamp(date, unit="D").dayofweek])) if math.isnan(says) else says
                for date, says in zip(ahead, look(ahead, "open_planned", math.nan), strict=True)
            ]
            open_share = float(np.mean(opens[: int(at["lead_time"]) + options.review_period]))
            interval = int(at["lead_time"]) + options.review_period
            inside = range(min(interval, space.horizon))
            window = sold[-options.recent :]
            recent = [u for u in window if not math.isnan(u)]
            recent_mean = float(np.mean(recent)) if recent else 0.0
            naive = []
            for step in range(space.horizon):
                back = sold[space.history - options.season + step % options.season]
                naive.append((recent_mean if math.isnan(back) else back) * opens[step])
            stocked = [
                u
                for u, k, s in list(zip(sold, mask, stock, strict=True))[-options.base_stock_periods :]
                if k and s >= 1
            ]
            mean = float(np.mean(stocked)) if stocked else 0.0
            deviation = float(np.std(stocked, ddof=1)) if len(stocked) > 1 else 0.0
            all_stocked = [u for u, k, s in zip(sold, mask, stock, strict=True) if k and s >= 1]
            volume = float(np.mean(all_stocked)) if all_stocked else 0.0
            promoted = any(p > 0 for p in look(ahead, "on_promotion", math.nan) if not math.isnan(p))
            expected.append(
                {
                    "store_id": [str(store).encode()],
                    "product_id": [str(product).encode()],
                    "category": [at["category"].encode()],
                    "origin": [origin],
                    "lead_time": [at["lead_time"]],
                    "review_period": [options.review_period],
                    "holding_cost": [at["holding_cost"]],
                    "shortage_cost": [at["shortage_cost"]],
                    "history_units": [u if k else 0.0 for u, k in zip(sold, mask, strict=True)],
                    "history_present": [float(k) for k in mask],
                    "history_in_stock": [s if k else 0.0 for s, k in zip(stock, mask, strict=True)],
                    "history_open": look(past, "open", 1.0),
                    "future_open": opens,
                    "history_price": look(past, "unit_price", math.nan),
                    "history_discount": look(past, "discount", math.nan),
                    "history_promotion": look(past, "on_promotion", math.nan),
                    "history_external_temperature": look(past, "temperature", math.nan),
                    "history_external_holiday": look(past, "holiday", math.nan),
                    "history_external_event": [text.encode() for text in look(past, "event", "")],
                    "future_price": look(ahead, "unit_price", math.nan),
                    "future_discount": told("discount", 1.0),
                    "future_promotion": told("on_promotion", 0.0),
                    "future_external_holiday": look(ahead, "holiday", math.nan),
                    "future_external_event": [text.encode() for text in look(ahead, "event", "")],
                    "label_units": [u if k else 0.0 for u, k in zip(coming, label_mask, strict=True)],
                    "label_known": [float(k) for k in label_mask],
                    "label_observed": [float(o) for o in observed],
                    "label_demand": wanted,
                    "label_demand_known": [float(c) for c in clear],
                    "protection_demand": [sum(wanted[i] for i in inside)],
                    "protection_observed": [
                        float(interval <= space.horizon and all(clear[i] for i in inside))
                    ],
                    "pack_size": [at["pack_size"]],
                    "seasonal_naive": naive,
                    "recent_mean": [recent_mean * is_open for is_open in opens],
                    "base_stock_level": [
                        float(
                            cycle_base_stock_level(
                                mean * open_share,
                                deviation * math.sqrt(open_share),
                                at["lead_time"],
                                options.review_period,
                                at["holding_cost"],
                                at["shortage_cost"],
                            )
                        )
                    ],
                    "volume_class": [b"slow" if volume < 1 else b"medium" if volume < 10 else b"fast"],
                    "promotion": [b"yes" if promoted else b"no"],
                }
            )
    return expected


def test_every_feature_equals_the_value_looked_up_in_pandas(frame: pd.DataFrame, windows: Arrays) -> None:
    expected = oracle(frame, SPACE, OPTIONS, ORIGINS)
    declared = {feature.name: feature for feature in SPACE.raw_features()}
    # Of the time before the history, see test_long_history.
    before = {name for name in declared if name == "long_levels" or "_ago" in name}

    assert set(windows) == set(declared) == set(expected[0]) | before and len(before) == 7
    assert len(windows["origin"]) == len(expected) > 20
    for name, feature in declared.items():
        if name in before:
            continue
        want = [window[name] for window in expected]
        if feature.dtype == "string":
            assert windows[name].tolist() == want, name
        else:
            np.testing.assert_allclose(
                windows[name], np.array(want, np.float64), rtol=1e-5, atol=1e-5, err_msg=name
            )


def test_a_store_that_never_closes_needs_no_word_of_it() -> None:
    frame = make_frame(LENGTHS)
    silent = collect(Shard(to_table(frame), SPACE, OPTIONS).labelled(ORIGINS))
    said = frame.assign(open=1, open_planned=np.nan, closed_weekdays=0)
    for name, values in collect(Shard(to_table(said), SPACE, OPTIONS).labelled(ORIGINS)).items():
        np.testing.assert_array_equal(values, silent[name], err_msg=name)
    assert (silent["future_open"] == 1).all() and (silent["history_open"] == 1).all()


def test_labels_after_a_date_are_as_if_their_units_were_unknown(frame: pd.DataFrame) -> None:
    until = FIRST_DATE + 30
    seen = frame.date <= until
    unknown = frame.assign(units_sold=frame.units_sold.where(seen), open=frame.open.where(seen, 1))
    origins = ORIGINS[until > ORIGINS]

    found = collect(Shard(to_table(frame), SPACE, OPTIONS).labelled(origins, until=until))
    expected = collect(Shard(to_table(unknown), SPACE, OPTIONS).labelled(origins))

    assert (found["label_known"].sum(axis=1) < SPACE.horizon).any()
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)


def test_weekly_windows_equal_the_same_oracle() -> None:
    space = FeatureSpace(history=6, horizon=3, period_days=7, known_ahead=(("unit_price", 3),))
    options = WindowOptions(
        history=6, horizon=3, test_periods=3, eval_periods=3, minimum_history=2, season=4, review_period=1
    )
    frame = make_frame({("s1", "p1"): (0, 30), ("s2", "p1"): (4, 12)}, seed=3, period_days=7)
    frame = with_closed_days(frame).assign(closed_weekdays=0)
    origins = FIRST_DATE + 7 * np.arange(30)

    windows = collect(Shard(to_table(frame), space, options).labelled(origins))
    expected = oracle(frame, space, options, origins)

    for name in (
        "history_units",
        "future_open",
        "label_units",
        "future_price",
        "protection_demand",
        "seasonal_naive",
    ):
        np.testing.assert_allclose(
            windows[name], np.array([w[name] for w in expected]), rtol=1e-5, err_msg=name
        )


@pytest.mark.parametrize("ahead", [{"holiday": 4, "event": 2, "unit_price": 3, "on_promotion": 1}, {}])
def test_nothing_beyond_what_is_known_ahead_can_change_what_a_model_sees(ahead: dict[str, int]) -> None:
    """At one origin: all that comes after is another, but what is known ahead as far as it is."""
    space = replace(SPACE, known_ahead=tuple(ahead.items()))
    frame = with_closed_days(make_frame(LENGTHS, seed=5))
    cut = FIRST_DATE + 20
    corrupted = frame.copy()
    rng = np.random.default_rng(1)
    for column in (
        "units_sold", "in_stock", "temperature", "holding_cost", "shortage_cost", "unit_price", "discount",
        "on_promotion", "holiday",
    ):  # fmt: skip
        beyond = corrupted["date"] > cut + ahead.get(column, 0)
        assert beyond.sum() > 10
        corrupted.loc[beyond, column] = rng.integers(100, 1000, beyond.sum())
    corrupted.loc[corrupted["date"] > cut + ahead.get("event", 0), "event"] = "corrupt"
    corrupted.loc[corrupted["date"] > cut, "category"] = "corrupt"
    corrupted.loc[corrupted["date"] > cut, "lead_time"] = 2
    # The calendar of the future is known at the origin; what became of it, and of the weekdays, is not.
    after = corrupted["date"] > cut
    corrupted.loc[after, "open"] = 1 - corrupted.loc[after, "open"]
    corrupted.loc[after, "closed_weekdays"] = 127 - corrupted.loc[after, "closed_weekdays"]

    def inputs(rows: pd.DataFrame) -> Arrays:
        return collect(Shard(to_table(rows), space, OPTIONS).inputs(np.array([cut])))

    before, now = inputs(frame), inputs(corrupted)

    assert set(before) == {feature.name for feature in space.model_inputs()}
    for name, values in before.items():
        if values.dtype == object:
            assert values.tolist() == now[name].tolist(), name
        else:
            assert values.tobytes() == now[name].tobytes(), name


def test_history_only_columns_never_reach_the_future() -> None:
    names = {feature.name for feature in SPACE.model_inputs()}
    assert "history_external_temperature" in names
    assert "future_external_temperature" not in names


def test_a_batch_boundary_changes_nothing(
    frame: pd.DataFrame, windows: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("components.windowing.cutting._WINDOWS_AT_ONCE", 3)
    again = collect(Shard(to_table(frame), SPACE, OPTIONS).labelled(ORIGINS))
    for name, values in windows.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)


@pytest.mark.parametrize("wanted", ["number", "text"])
def test_a_column_of_another_kind_than_wanted_is_read_as_far_as_it_goes(wanted: str) -> None:
    """As an earlier span may hold it: codes that have become words since, or the other way round."""
    frame = make_frame({("s1", "p1"): (0, 12)})
    values = ["2", "x", "3.5"] * 4 if wanted == "number" else [2.0, np.nan, 3.5] * 4
    table = to_table(frame.assign(code=values))
    shard = Shard(
        table,
        FeatureSpace(
            history=3,
            horizon=2,
            numeric_external=("code",) if wanted == "number" else (),
            text_external=("code",) if wanted == "text" else (),
        ),
        WindowOptions(history=3, horizon=2, minimum_history=3),
    )
    (windows,) = shard.inputs(np.array([frame.date.iloc[2]]))
    found = windows["history_external_code"][0].tolist()
    if wanted == "number":
        assert found == [2.0, pytest.approx(np.nan, nan_ok=True), 3.5]
    else:
        assert [float(text or "nan") for text in found] == pytest.approx([2.0, np.nan, 3.5], nan_ok=True)
