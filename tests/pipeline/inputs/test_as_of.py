"""A date to end at, against the dates that the sales have."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import UserError
from pipeline.config import Config
from pipeline.inputs.as_of import last_date, settle_as_of
from pipeline.inputs.batch import find_batch
from pipeline.workspace import Workspace
from tests.components.example_generation.folders import write_csv

BEGIN, DAYS, SERIES = date(2024, 3, 1), 60, 12


def folder(tmp_path: Path, *slips: str) -> Path:
    """Two months of a shop that is closed on Sundays, and rows of other dates."""
    days = [BEGIN + timedelta(days=n) for n in range(DAYS)]
    dates = [day.isoformat() for day in days if day.weekday() != 6 for _ in range(SERIES)] + list(slips)
    products = [f"P{n % SERIES}" for n in range(len(dates))]
    columns: dict[str, list[Any]] = {
        "date": dates,
        "store_id": ["S"] * len(dates),
        "product_id": products,
        "units_sold": [2] * len(dates),
    }
    write_csv(tmp_path / "sales_data.csv", columns)
    return tmp_path


def config(as_of: str | None = None) -> Config:
    return Config.model_validate({"data": {"as_of": as_of}})


@pytest.mark.parametrize(
    ("wanted", "taken", "said"),
    [
        (None, None, ""),
        ("2024-04-29", None, ""),  # the last date is as good as none
        ("2024-04-27", "2024-04-27", ""),
        ("2024-04-28", "2024-04-27", "no sales on 2024-04-28: as of 2024-04-27"),  # a Sunday
        ("2024-03-01", "2024-03-01", ""),
    ],
)
def test_the_date_is_one_that_the_sales_have(
    wanted: str | None, taken: str | None, said: str, tmp_path: Path
) -> None:
    found, note = settle_as_of(folder(tmp_path), config(wanted))
    assert found.data.as_of == (date.fromisoformat(taken) if taken else None)
    assert said in note and bool(said) == bool(note)


@pytest.mark.parametrize("wanted", ["2024-02-29", "2023-12-01", "2024-04-30", "2030-01-01"])
def test_a_date_outside_is_refused_with_the_dates_of_the_data(wanted: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"as-of {wanted} .* 2024-03-01 .. 2024-04-29"):
        settle_as_of(folder(tmp_path), config(wanted))


def test_for_a_run_a_later_date_is_the_last_one_and_the_same_batch(tmp_path: Path) -> None:
    data, workspace = folder(tmp_path), Workspace(tmp_path / "workspace")
    plain = find_batch(data, config(), workspace)
    for wanted in ("2024-04-29", "2024-05-20", "2031-01-01"):
        settled, note = settle_as_of(data, config(wanted), later_is_last=True)
        assert find_batch(data, settled, workspace) == plain
        assert ("as of 2024-04-29" in note) == (wanted != "2024-04-29")
    earlier, _ = settle_as_of(data, config("2024-04-20"), later_is_last=True)
    cut = find_batch(data, earlier, workspace)
    assert cut.fingerprint != plain.fingerprint and cut.last_date == date(2024, 4, 20)
    with pytest.raises(UserError, match="lies before the sales"):
        settle_as_of(data, config("2024-02-01"), later_is_last=True)


def test_the_last_date_of_the_body_cuts_off_a_slip_after_it(tmp_path: Path) -> None:
    data = folder(tmp_path, "2024-05-20")
    assert last_date(data, config()) == date(2024, 4, 29)
    settled, _ = settle_as_of(data, config("2024-04-29"))
    assert settled.data.as_of == date(2024, 4, 29)
    with pytest.raises(UserError, match=r"2024-03-01 \.\. 2024-04-29"):
        settle_as_of(data, config("2024-05-20"))


def test_data_without_a_date_are_left_to_those_who_read_them(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "sales_data.csv",
        {"date": ["soon"], "store_id": ["S"], "product_id": ["P"], "units_sold": [1]},
    )
    assert settle_as_of(tmp_path, config("2024-01-01"))[1] == ""
    assert last_date(tmp_path, config()) is None
