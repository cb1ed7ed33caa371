"""Override files: what is wrong is named with its row; what is right replaces the proposal and stands beside it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from components.example_generation.reading.dialect import DialectOptions, FileDialect
from contracts.errors import DataRejected, UserError
from pipeline.orders.planning.lines import mean_demand, order_lines
from pipeline.orders.planning.overrides import NO_OVERRIDES, apply_overrides, own_quantities, read_overrides
from pipeline.orders.planning.position import no_orders, stock_position
from pipeline.plan_options import PlanOptions
from tests.pipeline.orders.planning.scored import FRAME, scored

TODAY = date(2026, 1, 10)
HEAD = "store_id,product_id,quantity,reason,by,until\n"


def read(tmp_path: Path, text: str) -> pa.Table:
    file = tmp_path / "overrides.csv"
    file.write_text(text)
    found = read_overrides(file, TODAY).rows
    assert found is not None
    return found


def lines() -> pa.Table:
    series = scored(3)
    position = stock_position(series, no_orders(), FRAME, PlanOptions())
    return order_lines(series, mean_demand(series, FRAME), position, FRAME, PlanOptions())


def test_those_in_force_replace_the_quantity_and_the_proposal_stays(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        HEAD
        + "S,P0,40,festival,buyer,2026-01-10\nS,P1,9,last year's,buyer,2026-01-09\nS,P2,0,delisted,buyer,\n",
    )
    made = apply_overrides(lines(), found).to_pylist()
    assert [row["order_quantity"] for row in made] == [40, 16, 0]
    assert [row["replenishment_quantity"] for row in made] == [16, 16, 16]
    assert [row["override_quantity"] for row in made] == [40, None, 0]
    assert (made[0]["override_reason"], made[0]["override_by"]) == ("festival", "buyer")
    assert (made[0]["override_until"], made[2]["override_until"]) == (date(2026, 1, 10), None)


def test_own_quantities_are_those_of_their_series(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "S,P2,0,delisted,buyer,\nS,P0,40,festival,buyer,2026-01-10\n")
    np.testing.assert_array_equal(own_quantities(scored(3), found), [40, np.nan, 0])
    np.testing.assert_array_equal(own_quantities(scored(2), NO_OVERRIDES.rows), [np.nan, np.nan])


def test_without_overrides_the_proposal_is_ordered() -> None:
    made = apply_overrides(lines(), NO_OVERRIDES.rows)
    assert [name for name in made.column_names if name in lines().column_names] == lines().column_names
    proposal = made.column_names.index("replenishment_quantity")
    assert made.column_names[proposal + 1 :][:2] == ["override_quantity", "order_quantity"]
    assert made.column_names[-3:] == ["override_reason", "override_by", "override_until"]
    assert made["order_quantity"].to_pylist() == made["replenishment_quantity"].to_pylist()
    assert made["override_quantity"].null_count == 3


@pytest.mark.parametrize(
    ("row", "column", "rule"),
    [
        ("S,P0,-1,why,me,", "quantity", "negative_quantity"),
        ("S,P0,many,why,me,", "quantity", "not_a_number"),
        ("S,P0,nan,why,me,", "quantity", "missing_value"),
        ("S,P0,2e9,why,me,", "quantity", "out_of_bounds"),
        ("S,P0,inf,why,me,", "quantity", "not_finite"),
        (",P0,1,why,me,", "store_id", "empty_key"),
        ("S,,1,why,me,", "product_id", "empty_key"),
        ("S,P0,1,N/A,me,", "reason", "empty_text"),
        ("S,P0,1,why,,", "by", "empty_text"),
        ("S,P0,1,why,me,10.1.2026", "until", "ambiguous_date"),
        ("S,P0,1,why,me,2026-02-30", "until", "impossible_date"),
        ("S,P0,1,why,me,soon", "until", "date_not_iso"),
        ("S,P1,2,again,me,", None, "duplicate_key"),
        ("S,P1,2", None, "wrong_number_of_values"),
        ('S,"P\n2",2,why,me,', "product_id", "unprintable"),
    ],
)
def test_what_is_wrong_is_named_with_its_row(tmp_path: Path, row: str, column: str | None, rule: str) -> None:
    with pytest.raises(DataRejected) as caught:
        read(tmp_path, HEAD + f"S,P1,1,why,me,\n{row}\n")
    problems = [problem for problem in caught.value.problems if problem.column == column]
    assert [(problem.rule, problem.rows) for problem in problems] == [(rule, (2,))]


def test_columns_that_are_missing_and_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(
        DataRejected, match="the required columns reason, by, until are missing; the header has"
    ):
        read(tmp_path, "store_id,product_id,quantity\nS,P0,1\n")
    with pytest.raises(UserError, match="cannot be read"):
        read_overrides(tmp_path / "not-there.csv", TODAY)
    with pytest.raises(UserError, match="cannot be read"):
        read_overrides(tmp_path, TODAY)
    with pytest.raises(DataRejected, match="the file is empty"):
        read(tmp_path, "")
    assert read(tmp_path, HEAD).num_rows == 0


@pytest.mark.parametrize("twice", ["until", "quantity", "Store ID"])
def test_a_column_named_twice_is_refused_with_both_places(tmp_path: Path, twice: str) -> None:
    with pytest.raises(
        DataRejected, match=rf"names this column twice \(column \d .* and column 7 '{twice}'\)"
    ):
        read(tmp_path, HEAD.strip() + f",{twice}\nS,P0,1,why,me,2026-01-31,2026-01-31\n")


def test_a_file_as_a_spreadsheet_writes_it_is_read_and_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "overrides.csv"
    text = "Quantity;Store ID;Product ID;By;Reason;Until\r\n1.234,5;S;P0;me;why;31.01.2026\r\n12;S;P1;me;why;-\r\n"
    file.write_bytes(text.encode("utf-16"))
    found = read_overrides(file, TODAY)
    assert found.rows.to_pylist() == [
        {"store_id": "S", "product_id": "P0", "quantity": 1234.5, "reason": "why", "by": "me",
         "until": date(2026, 1, 31)},
        {"store_id": "S", "product_id": "P1", "quantity": 12.0, "reason": "why", "by": "me", "until": None},
    ]  # fmt: skip
    (note,) = found.notes
    for part in (
        "UTF-16",
        "semicolons",
        "'Store ID' as store_id",
        "decimal commas",
        "day first",
        "1 times '-'",
    ):
        assert part in note


def test_what_the_settings_say_of_the_file_counts(tmp_path: Path) -> None:
    file = tmp_path / "overrides.txt"
    file.write_bytes(
        "store_id^product_id^quantity^reason^by^until\nS^P0^7^Größe^me^02/01/2026\n".encode("cp1252")
    )
    own = FileDialect(separator="^", encoding="cp1252", dates="month_first")
    found = read_overrides(file, TODAY, DialectOptions(files={"overrides": own}))
    assert found.rows.select(["reason", "until"]).to_pylist() == [
        {"reason": "Größe", "until": date(2026, 2, 1)}
    ]


def test_identifiers_that_look_like_numbers_stay_texts(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "007,010,1,why,me,\n")
    assert (found["store_id"].to_pylist(), found["product_id"].to_pylist()) == (["007"], ["010"])


def test_a_series_that_has_no_line_is_an_error(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + "S,P0,1,why,me,\nS,P9,1,why,me,\n")
    with pytest.raises(DataRejected, match=r"1 override.s. name a store and product without sales: S P9"):
        apply_overrides(lines(), found, "overrides.csv")
