"""The join against pandas, which does it in another way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import Folder, good_folder, write_folder
from tests.components.example_generation.joining.plan_oracle import planned_oracle

EPOCH = pd.Timestamp(1970, 1, 1)


def to_pandas(rows: pa.Table) -> pd.DataFrame:
    frame = rows.to_pandas()
    frame["date"] = EPOCH + pd.to_timedelta(frame["date"], unit="D")
    return frame


def oracle(content: Folder, frequency: str, missing_dates: str) -> pd.DataFrame:
    """The same rows by reindexing and merging data frames."""
    frames = {name: pd.DataFrame(columns) for name, columns in content.items()}
    for name in ("sales_data", "inventory_levels", "external_factors", "planned_prices", "store_calendar"):
        if name in frames:
            frames[name]["date"] = pd.to_datetime(frames[name]["date"])
    frames["sales_data"]["in_stock"] = frames["sales_data"]["in_stock"].astype(float)
    parts = []
    step = pd.Timedelta(days=7 if frequency == "W" else 1)
    opening = calendar_oracle(frames["sales_data"], frames.get("store_calendar"), step)
    ends = frames["sales_data"].groupby("store_id").date.max()
    closed = set(opening.index[opening["open"] == 0])
    for store in ends.index:
        while (store, ends[store] + step) in closed:
            ends[store] += step
    for (store, product), series in frames["sales_data"].groupby(["store_id", "product_id"], sort=True):
        dates = pd.date_range(series["date"].min(), ends[str(store)], freq=step, name="date")
        dense = series.set_index("date").reindex(dates)
        dense["store_id"], dense["product_id"] = str(store), str(product)
        parts.append(dense.reset_index())
    rows = pd.concat(parts, ignore_index=True)
    if missing_dates == "zero":
        rows["units_sold"] = rows["units_sold"].fillna(0)
    if "store_calendar" in frames:
        rows = rows.merge(opening.reset_index(), on=["store_id", "date"], how="left")
        rows["units_sold"] = rows["units_sold"].mask(rows["open"] == 0)
        if frequency == "D":
            rows["closed_weekdays"] = 0  # nothing lasts for eight weeks here
    keys = ["date", "store_id", "product_id"]
    rows = rows.merge(frames["inventory_levels"], on=keys, how="left")
    rows["in_stock"] = rows["in_stock"].fillna((rows["on_hand"] != 0).astype(float))

    outside = frames["external_factors"]
    outside["event"] = outside["event"].mask(outside["event"] == "")
    own = outside[outside["store_id"] != ""]
    general = outside[outside["store_id"] == ""].drop(columns="store_id")
    rows = rows.merge(own, on=["date", "store_id"], how="left")
    rows = rows.merge(general, on="date", how="left", suffixes=("", "_general"))
    for name in ("temperature", "event"):
        rows[name] = rows[name].where(rows[name].notna(), rows.pop(f"{name}_general"))
    rows = planned_oracle(rows, frames.get("planned_prices"))
    return rows.merge(frames["products"], on="product_id", how="left")


def calendar_oracle(sales: pd.DataFrame, told: pd.DataFrame | None, step: pd.Timedelta) -> pd.DataFrame:
    """open and open_planned by store and date: what the calendar says, unless something was sold."""
    dates = pd.date_range(sales.date.min(), sales.date.max(), freq=step)
    keys = [(store, day) for store in sales.store_id.unique() for day in dates]
    found = pd.DataFrame(keys, columns=["store_id", "date"]).assign(open_planned=np.nan)
    for store in ("", *sales.store_id.unique()):
        if told is not None:
            says = told[told.store_id == store].set_index("date").open
            here = found.store_id == store if store else pd.Series(True, index=found.index)
            named = found.date.map(says).where(here)
            found["open_planned"] = named.where(named.notna(), found.open_planned)
    busy = set(sales[sales.units_sold > 0][["store_id", "date"]].itertuples(index=False, name=None))
    found["open"] = found.open_planned.fillna(1).mask(pd.Series([key in busy for key in keys]), 1)
    return found.set_index(["store_id", "date"])


def assert_like(rows: pa.Table, expected: pd.DataFrame) -> None:
    found = to_pandas(rows)
    assert set(found.columns) == set(expected.columns)
    for name in found.columns:
        if found[name].dtype == object:
            left, right = found[name].fillna(""), expected[name].fillna("")
            assert left.tolist() == right.tolist(), name
        elif name == "date":
            assert found[name].tolist() == expected[name].tolist()
        else:
            np.testing.assert_array_equal(
                found[name].to_numpy(np.float32), expected[name].to_numpy(np.float32), err_msg=name
            )


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize(("frequency", "step"), [("D", 1), ("W", 7)])
def test_the_join_equals_pandas(form: str, frequency: Any, step: int, tmp_path: Path) -> None:
    content = good_folder(step)
    rows, report = read_rows(write_folder(tmp_path, content, form), DataOptions(frequency=frequency))
    assert_like(rows, oracle(content, frequency, "zero"))
    assert (report.rows, report.series, report.filled_rows) == (12, 4, 0)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), frequency=st.sampled_from(["D", "W"]), missing=st.sampled_from(["zero", "unknown"]))
def test_any_gaps_and_orders_equal_pandas(
    data: st.DataObject, frequency: Any, missing: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    step = 7 if frequency == "W" else 1
    content = random_folder(data, step)
    folder = write_folder(tmp_path_factory.mktemp("data"), content)
    expected = oracle(content, frequency, missing)
    options = DataOptions(frequency=frequency, missing_dates=missing)
    for file in files_that_join_nothing(folder, options):
        columns = {
            "inventory_levels": ["on_hand"],
            "external_factors": ["temperature", "event"],
            "store_calendar": ["open_planned"],
        }[file]
        assert expected[columns].isna().all(axis=None)
        expected = expected.drop(columns=columns)
        if file == "store_calendar":
            expected = expected.drop(columns=["open", "closed_weekdays"], errors="ignore")
        (folder / f"{file}.csv").unlink()
    rows, report = read_rows(folder, options)

    assert_like(rows, expected)
    assert report.rows == len(expected)
    assert report.filled_rows == len(expected) - len(content["sales_data"]["date"])
    assert report.first_date == expected["date"].min().date()
    assert report.last_date == expected["date"].max().date()


def files_that_join_nothing(folder: Path, options: DataOptions) -> set[str]:
    try:
        read_rows(folder, options)
    except DataRejected as refusal:
        return {problem.file.split(".")[0] for problem in refusal.problems if problem.rule == "joins_nothing"}
    return set()


def random_folder(data: st.DataObject, step: int) -> Folder:
    """Any sales keys, inventory of some of them and of others, external factors of some dates and stores."""
    day = st.integers(0, 9).map(lambda n: str((EPOCH + pd.Timedelta(days=19723 + step * n)).date()))
    key = st.tuples(day, st.sampled_from(["S1", "S2", "s1"]), st.sampled_from(["A", "B", "Ä", "10", "9"]))
    amount = st.integers(0, 50)
    sales = data.draw(st.dictionaries(key, amount, min_size=1, max_size=25))
    stock = data.draw(st.dictionaries(key, amount, max_size=25)) or {next(iter(sales)): 1}
    outside_key = st.tuples(day, st.sampled_from(["S1", "S2", ""]))
    outside = data.draw(
        st.dictionaries(
            outside_key, st.tuples(amount, st.sampled_from(["", "fair"])), min_size=1, max_size=15
        )
    )
    content = good_folder()
    dates, stores, products = (list(values) for values in zip(*sales, strict=True))
    content["sales_data"] = {
        "date": dates,
        "store_id": stores,
        "product_id": products,
        "units_sold": [float(value) for value in sales.values()],
        "in_stock": [None if value % 3 else value / 50 for value in sales.values()],
    }
    dates, stores, products = (list(values) for values in zip(*stock, strict=True))
    content["inventory_levels"] = {
        "date": dates,
        "store_id": stores,
        "product_id": products,
        "on_hand": list(stock.values()),
    }
    dates, stores = (list(values) for values in zip(*outside, strict=True))
    content["external_factors"] = {
        "date": dates,
        "store_id": stores,
        "temperature": [float(value) for value, _ in outside.values()],
        "event": [event for _, event in outside.values()],
    }
    planned_key = st.tuples(day, st.sampled_from(["S1", "S2", ""]), st.sampled_from(["A", "B", "10"]))
    value = st.tuples(st.none() | st.just(0.5), st.none() | st.sampled_from([0, 1]))
    planned = data.draw(st.dictionaries(planned_key, value, max_size=15))
    del content["planned_prices"]
    if planned:
        # A plan of nothing that is sold would be refused.
        day_sold, _, product_sold = next(iter(sales))
        planned[day_sold, "", product_sold] = (0.5, 1)
        dates, stores, products = (list(values) for values in zip(*planned, strict=True))
        discounts, promotions = (list(values) for values in zip(*planned.values(), strict=True))
        content["planned_prices"] = {
            "date": dates,
            "store_id": stores,
            "product_id": products,
            "discount": discounts,
            "on_promotion": promotions,
        }
    told = data.draw(st.dictionaries(outside_key, st.integers(0, 1), max_size=15))
    del content["store_calendar"]
    if told:
        dates, stores = (list(values) for values in zip(*told, strict=True))
        content["store_calendar"] = {"date": dates, "store_id": stores, "open": list(told.values())}
    names = ["A", "B", "Ä", "10", "9"]
    content["products"] = {
        "product_id": names,
        **{k: [v[0]] * len(names) for k, v in content["products"].items() if k != "product_id"},
        "maximum_order_quantity": [12.0] * len(names),
    }
    return content


def test_a_missing_date_is_a_zero_or_unknown_as_chosen(tmp_path: Path) -> None:
    content = good_folder()
    for values in content["sales_data"].values():
        del values[1]  # 2024-01-02 of S1 A, inside the series
    write_folder(tmp_path, content)

    zero, report = read_rows(tmp_path, DataOptions(missing_dates="zero"))
    unknown, _ = read_rows(tmp_path, DataOptions(missing_dates="unknown"))

    assert report.filled_rows == 1
    assert zero["units_sold"].to_pylist()[1] == 0.0
    assert unknown["units_sold"].to_pylist()[1] is None
    assert zero["unit_price"].to_pylist()[1] is None
    # What does not come from the sales is there all the same.
    assert zero["on_hand"].to_pylist()[1] == 1.0
    assert zero["temperature"].to_pylist()[1] == 2.5


def test_a_store_goes_before_all_stores_value_by_value(tmp_path: Path) -> None:
    content = good_folder()
    content["external_factors"]["temperature"][1] = None
    rows, _ = read_rows(write_folder(tmp_path, content))
    by_key = {(r["store_id"], r["date"] - 19723): r for r in rows.to_pylist()}
    assert by_key["S1", 0]["temperature"] == 1.5
    assert by_key["S2", 0]["temperature"] == -1.0
    assert by_key["S1", 1]["temperature"] == 0.0
    assert by_key["S1", 1]["event"] == "parade"


def test_stock_tells_of_stockouts_where_in_stock_is_absent(tmp_path: Path) -> None:
    content = good_folder()
    del content["sales_data"]["in_stock"]
    rows, report = read_rows(write_folder(tmp_path, content))
    for row in rows.to_pylist():
        assert row["in_stock"] == (0.0 if row["on_hand"] == 0 else 1.0)
    assert "on_hand 0" in next(f.used for f in report.fallbacks if "in_stock" in f.what)


def test_column_order_and_types_are_those_of_the_rows(tmp_path: Path) -> None:
    rows, _ = read_rows(write_folder(tmp_path, good_folder()))
    text, number, exact, whole = pa.string(), pa.float32(), pa.float64(), pa.int64()
    assert list(zip(rows.schema.names, rows.schema.types, strict=True)) == [
        ("date", whole),
        ("store_id", text),
        ("product_id", text),
        ("category", text),
        ("units_sold", number),
        ("unit_price", number),
        ("discount", number),
        ("on_promotion", whole),
        ("in_stock", number),
        ("open", whole),
        ("open_planned", whole),
        ("closed_weekdays", whole),
        ("on_hand", exact),
        ("on_order", exact),
        ("temperature", number),
        ("event", text),
        ("unit_cost", exact),
        ("lead_time", whole),
        ("pack_size", exact),
        ("minimum_order_quantity", exact),
        ("maximum_order_quantity", exact),
        ("holding_cost", number),
        ("shortage_cost", number),
    ]
