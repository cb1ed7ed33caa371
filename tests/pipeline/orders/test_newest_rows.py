"""What a plan refuses in the newest rows, what it lets pass, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from contracts.errors import DataRejected
from contracts.rows import write_flat
from pipeline.config import Config
from pipeline.orders import newest_rows
from pipeline.orders.newest_rows import NewestWeeks, judge_newest, pass_newest
from pipeline.orders.planning.holding import NOTHING_ACCEPTED, Accepted
from schema import SEVERITIES
from tests.components.data_gate.made_up import FIRST, batch

DAYS = 120
LAST = FIRST + DAYS - 1
TODAY = date(1970, 1, 1) + timedelta(days=LAST)
EXTERNAL = ("temperature", "holiday")
Rows = pd.DataFrame
Change = Callable[[Rows], Rows]


def shards(folder: Path, rows: Rows) -> NewestWeeks:
    """The rows in two files of whole series."""
    paths = []
    for number, part in enumerate((rows.product_id <= "p05", rows.product_id > "p05")):
        path = folder / f"{number}.arrow"
        write_flat(pa.Table.from_pandas(rows[part], preserve_index=False), path)
        paths.append(str(path))
    return NewestWeeks.of_shards(paths)


def check(
    folder: Path,
    change: Change,
    *words: str,
    config: Config | None = None,
    today: date = TODAY,
    products: pa.Table | None = None,
) -> tuple[str, ...]:
    rows = change(batch(days=DAYS).frame)
    accepted = Accepted(words, "jo") if words else NOTHING_ACCEPTED
    checks = judge_newest(shards(folder, rows), EXTERNAL, config or Config(), today, products)
    return pass_newest(checks, accepted)


def newest(rows: Rows, days: int = 1) -> pd.Series:
    return rows.date > rows.date.max() - days


def one(rows: Rows) -> pd.Series:
    """One row of the newest day."""
    return newest(rows) & (rows.store_id == "s1") & (rows.product_id == "p07")


def times(column: str, factor: float, which: Callable[[Rows], pd.Series]) -> Change:
    return lambda rows: rows.assign(**{column: rows[column].mask(which(rows), rows[column] * factor)})


def sent_again(rows: Rows) -> Rows:
    """The newest four weeks are those of 28 days before."""
    old = rows.set_index(["store_id", "product_id", "date"]).units_sold
    new = newest(rows, 28)
    keys = pd.MultiIndex.from_frame(rows[new].assign(date=rows.date - 28)[["store_id", "product_id", "date"]])
    return rows.assign(
        units_sold=rows.units_sold.mask(new, pd.Series(old.reindex(keys).to_numpy(), rows.index[new]))
    )


FAULTS: dict[str, tuple[Change, str]] = {
    "one price in cents": (times("unit_price", 100, one), "out_of_proportion"),
    "one price in hundreds": (times("unit_price", 0.01, one), "out_of_proportion"),
    "all prices of a day": (times("unit_price", 100, newest), "out_of_proportion"),
    "one bulk sale": (
        lambda rows: rows.assign(units_sold=rows.units_sold.mask(one(rows), 80_995)),
        "out_of_proportion",
    ),
    "all units of a day": (times("units_sold", 100, newest), "out_of_proportion"),
    "another unit all week": (times("units_sold", 100, lambda rows: newest(rows, 7)), "gross_drift"),
    "a store that is not there": (
        lambda rows: rows[~(newest(rows, 7) & (rows.store_id == "s2"))],
        "store_vanished",
    ),
    "a month sent twice": (sent_again, "sent_twice"),
    "a date ahead": (lambda rows: rows.assign(date=rows.date.mask(one(rows), rows.date + 2)), "future_date"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_run_would_stop_for_is_refused_until_it_is_accepted(fault: str, tmp_path: Path) -> None:
    change, kind = FAULTS[fault]
    with pytest.raises(DataRejected) as refused:
        check(tmp_path, change)
    problems = {problem.rule: problem for problem in refused.value.problems}
    assert kind in problems
    assert f"plan with --accept {kind}" in problems[kind].remedy
    said = check(tmp_path, change, *problems)
    assert any(note.startswith(f"{kind} of ") and note.endswith("accepted by jo") for note in said)
    assert check(tmp_path, change, "all") == said


@pytest.mark.parametrize("fault", FAULTS)
def test_it_does_not_matter_how_rows_lie_in_shards(fault: str, tmp_path: Path) -> None:
    rows = FAULTS[fault][0](batch(days=DAYS).frame)
    whole = tmp_path / "whole.arrow"
    write_flat(pa.Table.from_pandas(rows, preserve_index=False), whole)
    at_once = judge_newest(NewestWeeks.of_shards([str(whole)]), EXTERNAL, Config(), TODAY)
    assert judge_newest(shards(tmp_path, rows), EXTERNAL, Config(), TODAY) == at_once


def test_a_store_whose_products_are_delisted_is_meant_to_be_gone(tmp_path: Path) -> None:
    change, kind = FAULTS["a store that is not there"]
    names = sorted(batch(days=DAYS).frame.product_id.unique())
    ends = pa.array([LAST - 7] * len(names), pa.int32())
    table = pa.table({"store_id": ["s2"] * len(names), "product_id": names, "active_until": ends})
    assert check(tmp_path, change, products=table) == ()
    with pytest.raises(DataRejected, match=kind):
        check(tmp_path, change, products=table.slice(1))
    assert check(tmp_path, lambda rows: rows[rows.store_id == "s2"], products=table) == ()


def test_clean_rows_are_neither_refused_nor_commented(tmp_path: Path) -> None:
    assert check(tmp_path, lambda rows: rows) == ()


@pytest.mark.parametrize("days", [1, 3, 10])
def test_a_few_days_are_enough_to_plan_from(days: int, tmp_path: Path) -> None:
    assert check(tmp_path, lambda rows: rows[newest(rows, days)]) == ()


def test_the_row_and_the_figures_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataRejected, match=r"s1 p07 .*: 80995\.0\]\. Correct the data; if they are meant"
    ) as refused:
        check(tmp_path, FAULTS["one bulk sale"][0])
    assert "beyond 10 times the largest of their series before; rows: 1" in str(refused.value)


def test_a_sale_as_large_as_others_have_is_no_slip_even_where_little_sells(tmp_path: Path) -> None:
    def slow(rows: Rows) -> Rows:
        sleeping = rows.product_id == "p07"
        day = (rows.date - FIRST) % 20 == 0
        return rows.assign(units_sold=rows.units_sold.mask(sleeping, day.astype(float)).mask(one(rows), 15))

    assert check(tmp_path, slow) == ()


def test_warnings_are_said_and_waivers_heard(tmp_path: Path) -> None:
    def idle(rows: Rows) -> Rows:
        return rows.assign(units_sold=rows.units_sold.mask(newest(rows, 8) & (rows.store_id == "s3"), 0))

    def without_prices(rows: Rows) -> Rows:
        """A run lets them through as well: the models learn that the column has ended."""
        return rows.assign(unit_price=rows.unit_price.mask(newest(rows, 7) & (rows.product_id < "p06")))

    assert any(note.startswith("store_without_sales of units_sold") for note in check(tmp_path, idle))
    assert any(note.startswith("serving_missing of unit_price") for note in check(tmp_path, without_prices))
    file = tmp_path / "severities.yaml"
    packaged = SEVERITIES.read_text()
    waiver = "{feature: units_sold, kind: out_of_proportion, reason: fair, by: jo, until: 2100-01-01}"
    file.write_text(packaged.replace("waivers: []", f"waivers: [{waiver}]"))
    config = Config(severity_file=file)
    said = check(tmp_path, FAULTS["one bulk sale"][0], config=config)
    assert any("waived by jo until 2100-01-01: fair" in note for note in said)
    with pytest.raises(DataRejected, match="unit_price"):
        check(tmp_path, FAULTS["one price in cents"][0], config=config)


def test_one_slip_is_found_among_more_series_than_are_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(newest_rows, "_ROWS", 500)
    for product in ("p00", "p06", "p07", "p11"):

        def slip(rows: Rows, product: str = product) -> Rows:
            here = newest(rows) & (rows.store_id == "s3") & (rows.product_id == product)
            return rows.assign(unit_price=rows.unit_price.mask(here, rows.unit_price * 50))

        with pytest.raises(DataRejected, match=f"s3 {product}"):
            check(tmp_path, slip)
    assert check(tmp_path, lambda rows: rows) == ()


def test_weekly_rows_are_judged_too(tmp_path: Path) -> None:
    def weekly(rows: Rows) -> Rows:
        return rows.assign(date=FIRST + 7 * (rows.date - FIRST))

    config = Config.model_validate({"data": {"frequency": "W"}})
    later = TODAY + timedelta(days=6 * DAYS)
    assert check(tmp_path, weekly, config=config, today=later) == ()
    with pytest.raises(DataRejected, match="out_of_proportion"):
        check(tmp_path, lambda rows: FAULTS["one bulk sale"][0](weekly(rows)), config=config, today=later)


def test_no_unit_is_no_reason_to_fail(tmp_path: Path) -> None:
    assert isinstance(check(tmp_path, lambda rows: rows.assign(units_sold=0.0)), tuple)
    assert isinstance(check(tmp_path, lambda rows: rows.assign(units_sold=np.nan)), tuple)
    assert isinstance(check(tmp_path, lambda rows: rows.drop(columns=["unit_price"])), tuple)
