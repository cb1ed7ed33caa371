"""When stores are open: the calendar's word, the weekdays that their sales tell of, and nothing that came later."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.example_generation.folder import read_folder, read_rows
from components.example_generation.open_days import closed_weekdays
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import write_csv

BEGIN = pd.Timestamp("2024-01-01")  # a Monday
EPOCH = pd.Timestamp("1970-01-01")
SUNDAY = 1 << 6


def sold(days: int = 100, stores: int = 2, products: int = 2) -> pd.DataFrame:
    """Every product in every store on every day."""
    index = pd.MultiIndex.from_product(
        [pd.date_range(BEGIN, periods=days), [f"S{n}" for n in range(stores)], [f"P{n}" for n in range(products)]],
        names=["date", "store_id", "product_id"],
    )  # fmt: skip
    return index.to_frame(index=False).assign(units_sold=1.0)


def on(frame: pd.DataFrame, weekday: int, store: str = "S0") -> pd.Series:
    return (frame.date.dt.dayofweek == weekday) & (frame.store_id == store)


def written(folder: Path, sales: pd.DataFrame, calendar: pd.DataFrame | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    for name, frame in (("sales_data", sales), ("store_calendar", calendar)):
        if frame is not None:
            texts = frame.assign(date=frame.date.dt.strftime("%Y-%m-%d"))
            write_csv(folder / f"{name}.csv", {column: texts[column].tolist() for column in texts.columns})
    return folder


def calendar(*rows: tuple[str, str, int]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["date", "store_id", "open"])
    return frame.assign(date=pd.to_datetime(frame.date))


def read(folder: Path, options: DataOptions | None = None) -> pd.DataFrame:
    frame = read_rows(folder, options)[0].to_pandas()
    return frame.assign(date=EPOCH + pd.to_timedelta(frame.date, unit="D"))


def oracle(traded: pd.Series) -> list[int]:
    """The rule, date by date, of one store's sales by date: any sale, True or False."""
    found = []
    for day in traded.index:
        last = {(day - pd.Timedelta(days=back)).dayofweek: back for back in range(7)}
        sales = {
            weekday: [
                bool(traded[date]) for week in range(8)
                if (date := day - pd.Timedelta(days=back + 7 * week)) in traded.index
            ]
            for weekday, back in last.items()
        }  # fmt: skip
        busy = [dates for dates in sales.values() if any(dates)]
        usual = bool(busy) and sum(map(sum, busy)) >= 0.75 * 8 * len(busy)
        found.append(
            sum(1 << k for k, dates in sales.items() if usual and len(dates) == 8 and not any(dates))
        )
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_rule_is_that_of_a_loop_over_dates(seed: int) -> None:
    rng = np.random.default_rng(seed)
    dates = pd.date_range(BEGIN + pd.Timedelta(days=seed), periods=200)
    share = np.array([0.95, 0.9, 1, 0.9, 0.97, 0.3, 0.02])[dates.dayofweek] - 0.1 * seed
    traded = pd.Series(rng.random(len(dates)) < share, index=dates)
    found = closed_weekdays(traded.to_numpy()[None, :], np.zeros(1, np.int64), dates[0].dayofweek)[0]
    assert found.tolist() == oracle(traded)
    if seed == 0:
        assert SUNDAY in found


def test_a_weekday_without_any_sale_is_closed_after_eight_weeks(tmp_path: Path) -> None:
    sales = sold()
    rows = read(written(tmp_path, sales[~on(sales, 6)]))
    late = rows.date >= BEGIN + pd.Timedelta(days=6 + 7 * 7)
    closed = on(rows, 6) & late
    assert closed.sum() == 2 * 7
    assert (rows.open == (~closed).astype(int)).all()
    assert rows.units_sold[closed].isna().all() and (rows.units_sold[on(rows, 6) & ~late] == 0).all()
    assert (rows.closed_weekdays == np.where(late & (rows.store_id == "S0"), SUNDAY, 0)).all()
    assert "open_planned" not in rows


def test_what_is_said_names_store_weekday_and_dates(tmp_path: Path) -> None:
    sales = sold()
    _, report = read_rows(written(tmp_path, sales[~on(sales, 6)]))
    (note,) = report.notes
    assert note == (
        "store S0 is taken to be closed on Sundays, without a sale of any product for 8 weeks: 7 dates, "
        "2024-02-25 .. 2024-04-07; store_calendar may say otherwise"
    )
    _, report = read_rows(written(tmp_path, sales[sales.date.dt.dayofweek < 5]))
    assert [note.split(",")[0] for note in report.notes] == ["2 stores", "2 stores"]
    assert all("such as S0, are taken to be closed on S" in note for note in report.notes)


def test_where_nothing_is_closed_rows_say_nothing_of_it(tmp_path: Path) -> None:
    rows, report = read_rows(written(tmp_path, sold()))
    assert not {"open", "open_planned", "closed_weekdays"} & set(rows.column_names)
    assert report.notes == ()


@pytest.mark.parametrize("missing", ["zero", "unknown"])
def test_nothing_that_comes_later_changes_what_was_known(missing: str, tmp_path: Path) -> None:
    sales = sold(160)
    shut = on(sales, 6) & (sales.date < BEGIN + pd.Timedelta(days=110)) | on(sales, 2, "S1")
    folder = written(tmp_path, sales[~shut])
    options = DataOptions.model_validate({"missing_dates": missing})
    whole = read(folder, options)
    for days in (60, 83, 120, 139):
        until = (BEGIN + pd.Timedelta(days=days)).date()
        cut = read(folder, options.model_copy(update={"as_of": until}))
        same = whole[whole.date <= pd.Timestamp(until)].reset_index(drop=True)
        pd.testing.assert_frame_equal(cut, same)


def test_a_store_that_sells_now_and_then_is_open(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    dates = pd.date_range(BEGIN, periods=700)
    sales = pd.DataFrame(
        {"date": dates, "store_id": "S0", "product_id": "P", "units_sold": rng.poisson(0.35, 700)}
    )
    runs = (sales.units_sold > 0).groupby(dates.dayofweek).apply(lambda days: (~days).rolling(8).sum().max())
    assert runs.max() >= 8  # a weekday was without a sale for eight weeks, by chance
    assert "open" not in read(written(tmp_path, sales))


def test_a_store_that_comes_back_from_a_long_rest_is_open_on_all_weekdays(tmp_path: Path) -> None:
    sales = sold(200)
    rest = (sales.store_id == "S0") & sales.date.between("2024-03-01", "2024-05-12")
    rows = read(written(tmp_path, sales[~rest]))
    assert "open" not in rows


def test_the_calendar_goes_before_the_rule_and_a_store_before_all_stores(tmp_path: Path) -> None:
    sales = sold()
    sales = sales[~on(sales, 6) & (sales.date != "2024-03-13")]
    told = calendar(
        ("2024-03-13", "", 0), ("2024-03-13", "S1", 1), ("2024-03-17", "S0", 1), ("2024-04-20", "S0", 0)
    )
    folder = written(tmp_path, sales, told)
    rows = read(folder).set_index(["store_id", "date"]).sort_index()
    status = rows.open.groupby(level=[0, 1]).first()
    assert status["S0", pd.Timestamp("2024-03-10")] == 0  # a Sunday that the calendar leaves to the rule
    assert status["S0", pd.Timestamp("2024-03-13")] == 0
    assert (
        status["S1", pd.Timestamp("2024-03-13")] == 1
        and (rows.units_sold["S1", pd.Timestamp("2024-03-13")] == 0).all()
    )
    assert (
        status["S0", pd.Timestamp("2024-03-17")] == 1
        and (rows.units_sold["S0", pd.Timestamp("2024-03-17")] == 0).all()
    )
    assert rows.open_planned.notna().sum() == 2 * (1 + 1 + 1)  # the last lies after the sales


def test_a_refit_by_the_calendar_tells_nothing_of_weekdays(tmp_path: Path) -> None:
    sales = sold(200)
    refit = sales.date.between("2024-03-11", "2024-05-26") & (sales.store_id == "S0")
    days = pd.date_range("2024-03-11", "2024-05-26")
    told = pd.DataFrame({"date": days, "store_id": "S0", "open": 0})
    rows = read(written(tmp_path, sales[~refit & ~on(sales, 6)], told))
    s0 = rows[(rows.store_id == "S0") & (rows.product_id == "P0")].set_index("date")
    assert (s0.open[days] == 0).all()
    after = s0[s0.index > days[-1]].reset_index()
    assert (after.open == (after.date.dt.dayofweek != 6)).all() and (after.closed_weekdays == SUNDAY).all()


def test_a_closed_day_with_sales_is_open_and_told(tmp_path: Path) -> None:
    told = calendar(("2024-02-01", "", 0), ("2024-02-02", "S1", 0))
    sales = sold()
    folder = written(tmp_path, sales[(sales.store_id != "S1") | (sales.date != "2024-02-02")], told)
    rows, report = read_rows(folder)
    assert report.notes == (
        "store S1 is closed by store_calendar: 2024-02-02",
        "2 dates of a store, such as S0 2024-02-01, have sales although store_calendar closes them: taken as open",
    )
    assert set(rows.filter(pa.compute.equal(rows["open"], 0))["store_id"].to_pylist()) == {"S1"}


def test_what_is_closed_from_now_on_is_told(tmp_path: Path) -> None:
    told = calendar(
        ("2024-04-09", "S1", 1), ("2024-04-10", "S1", 0), ("2024-05-01", "", 0), ("2027-01-01", "", 0)
    )
    _, report = read_rows(written(tmp_path, sold(), told))
    (note,) = report.notes
    assert note == (
        "2 stores, such as S0, are to be closed by store_calendar, after the last sale: 3 dates, "
        "2024-04-10 .. 2024-05-01"
    )


def test_a_store_does_not_end_before_its_closed_days(tmp_path: Path) -> None:
    sales = sold(98)  # up to a Sunday
    sales = sales[~on(sales, 6)]
    read_whole = read_folder(written(tmp_path, sales))
    last = sales.date.max()
    rows = read(tmp_path)
    ends = rows.groupby("store_id").date.max()
    assert last.dayofweek == 6 and (ends == last).all()
    assert read_whole.report.last_date == last.date()


def test_weeks_are_closed_by_the_calendar_alone(tmp_path: Path) -> None:
    sales = sold(700)
    sales = sales[(sales.date.dt.dayofweek == 0) & (sales.date != "2024-03-11")]
    folder = written(tmp_path, sales, calendar(("2024-03-11", "S0", 0)))
    rows = read(folder, DataOptions(frequency="W"))
    assert set(rows[rows.open == 0][["store_id", "date"]].itertuples(index=False, name=None)) == {
        ("S0", pd.Timestamp("2024-03-11"))
    }
    assert "closed_weekdays" not in rows


def test_rows_of_no_use_are_told_or_refused(tmp_path: Path) -> None:
    told = calendar(("2024-02-01", "S7", 0), ("2023-12-31", "S0", 0), ("2024-02-03", "S0", 1))
    _, report = read_rows(written(tmp_path, sold(), told))
    strange, early = report.notes
    assert strange == (
        "1 of 3 rows of store_calendar are of stores without sales: 1 store_id do not occur in sales_data: 'S7'; "
        "it has 'S0', 'S1'"
    )
    assert early == "1 of 3 rows of store_calendar lie before the first sale, 2024-01-01: not used"
    with pytest.raises(DataRejected, match="lost leading zeros"):
        read_rows(written(tmp_path, sold(), calendar(("2024-02-01", "S00", 0))))


def test_a_calendar_without_stores_is_of_all(tmp_path: Path) -> None:
    sales = sold()
    folder = written(
        tmp_path, sales[sales.date != "2024-02-01"], calendar(("2024-02-01", "", 0)).drop(columns="store_id")
    )
    rows = read(folder)
    assert set(rows[rows.open == 0].store_id) == {"S0", "S1"}


def test_a_row_set_aside_is_no_day_without_sales(tmp_path: Path) -> None:
    sales = sold()
    sales.loc[on(sales, 6) & (sales.product_id == "P0"), "units_sold"] = -1
    folder = written(tmp_path, sales[~on(sales, 6) | (sales.product_id == "P0")])
    assert "open" not in read(folder, DataOptions(quarantine=0.5))
