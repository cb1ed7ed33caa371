"""Invoice lines: added up as pandas adds them, returns netted, and said with counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.example_generation.dates import sales_dates
from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected
from tests.components.example_generation.folders import write_csv
from tests.components.example_generation.test_executor import run_executor, shard_tables

SUM = DataOptions(duplicates="sum")
KEY = ["store_id", "product_id", "date"]

LINE = st.fixed_dictionaries(
    {
        "date": st.sampled_from(["2024-03-01", "2024-03-02", "2024-03-03"]),
        "store_id": st.sampled_from(["S1", "S2"]),
        "product_id": st.sampled_from(["A", "B"]),
        "units_sold": st.decimals("-30", "30", places=1).map(float),
        "unit_price": st.one_of(st.none(), st.integers(1, 9).map(float)),
        "discount": st.one_of(st.none(), st.sampled_from([0.5, 1.0])),
        "on_promotion": st.one_of(st.none(), st.integers(0, 1)),
        "in_stock": st.one_of(st.none(), st.sampled_from([0.25, 1.0])),
    }
)


def mean(lines: pd.DataFrame, name: str) -> float:
    """Of one key, weighted by what was sold."""
    known = lines[lines[name].notna()]
    sold = known[known.units_sold > 0]
    if not sold.empty:
        return float(np.average(sold[name], weights=sold.units_sold))
    return float(known[name].mean()) if len(known) else float("nan")


@settings(max_examples=60, deadline=None)
@given(st.lists(LINE, min_size=1, max_size=25))
def test_keys_are_added_up_as_pandas_adds_them(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    frame = pd.DataFrame(lines)
    write_csv(folder / "sales_data.csv", {name: frame[name].tolist() for name in frame.columns})
    frame.to_csv(folder / "sales_data.csv", index=False)

    rows, report = read_rows(folder, SUM)

    found = rows.to_pandas()
    found["date"] = (pd.Timestamp("1970-01-01") + pd.to_timedelta(found["date"], "D")).dt.strftime("%Y-%m-%d")
    found = found.set_index(KEY)
    below = 0
    for key, part in frame.groupby(KEY):
        net = round(part.units_sold.sum(), 6)
        below += net < 0
        row = found.loc[key]
        assert row.units_sold == pytest.approx(max(net, 0), rel=1e-6)
        for name in ("unit_price", "discount"):
            assert row[name] == pytest.approx(mean(part, name), rel=1e-6, nan_ok=True)
        assert row.in_stock == pytest.approx(part.in_stock.mean() if part.in_stock.notna().any() else 1.0)
        promoted = part.on_promotion.max()
        assert row.on_promotion == promoted or (pd.isna(row.on_promotion) and pd.isna(promoted))
    sizes = frame.groupby(KEY).size()
    notes = "\n".join(report.notes)
    if (sizes > 1).any():
        assert (
            f"{sizes[sizes > 1].sum()} rows of {(sizes > 1).sum()} keys of sales_data were added up" in notes
        )
    assert ("returns of" in notes) == (frame.units_sold < 0).any()
    assert (f"{below} keys with more returned than sold" in notes) == (below > 0)


def invoices(folder: Path) -> Path:
    """A wholesaler's lines: several a day, times of day, an order cancelled twelve minutes later."""
    text = (
        "date,store_id,product_id,units_sold,unit_price\n"
        "2024-03-01 08:15:00,S1,A,6,2.5\n"
        "2024-03-01 17:40,S1,A,2,4.5\n"
        "2024-03-02T09:15:00.000,S1,A,80995,2.08\n"
        "2024-03-02T09:27:00+01:00,S1,A,-80995,2.08\n"
        "2024-03-03,S1,A,1,2.5\n"
        "2024-03-03 10:00:00,S1,A,-4,2.5\n"
    )
    (folder / "sales_data.csv").write_text(text)
    return folder


def test_an_order_that_was_cancelled_vanishes(tmp_path: Path) -> None:
    rows, report = read_rows(invoices(tmp_path), SUM)
    assert rows["units_sold"].to_pylist() == [8, 0, 0]
    assert rows["unit_price"].to_pylist()[0] == 3.0  # six at 2.5, two at 4.5
    assert list(report.notes)[:4] == [
        "sales_data.csv: column date: time zones cut off, 5 times of day cut off",
        "6 rows of 3 keys of sales_data were added up",
        (
            "2 returns of 80,999 units were netted against the sales of their key, the largest 80,995 "
            "(S1 A 2024-03-02)"
        ),
        (
            "1 keys with more returned than sold count as 0 units, 3 returned units are not netted, most of them 3 "
            "(S1 A 2024-03-03)"
        ),
    ]
    days, _ = sales_dates(tmp_path, DataOptions(duplicates="sum"))
    assert days.tolist() == [19783, 19784, 19785]


def test_parquets_times_of_day_are_cut_off(tmp_path: Path) -> None:
    table = pa.table(
        {
            "date": pa.array(["2024-03-01 08:15:00", "2024-03-01 23:59:59", "2024-03-02 00:00:00"]).cast(
                pa.timestamp("ms")
            ),
            "store_id": ["S1"] * 3,
            "product_id": ["A"] * 3,
            "units_sold": [1.5, 2.0, -1.0],
        }
    )
    pq.write_table(table, tmp_path / "sales_data.parquet")
    rows, report = read_rows(tmp_path, SUM)
    assert rows["units_sold"].to_pylist() == [3.5, 0]
    assert "sales_data.parquet: column date: 2 times of day cut off" in report.notes


def test_what_is_no_date_is_no_date_with_a_time_either(tmp_path: Path) -> None:
    (tmp_path / "sales_data.csv").write_text(
        "date,store_id,product_id,units_sold\n2024-03-01 8:15,S1,A,1\n2024-02-30 08:15,S1,A,1\nsoon 08:15,S1,A,1\n"
    )
    with pytest.raises(DataRejected) as refused:
        read_rows(tmp_path, SUM)
    assert sorted((problem.rule, problem.rows) for problem in refused.value.problems) == [
        ("date_not_iso", (3,)),
        ("impossible_date", (2,)),
    ]


def test_lines_that_were_set_aside_leave_the_others_to_be_added_up(tmp_path: Path) -> None:
    lines = [("2024-03-01", 4, 1), ("2024-03-01", 3, -7), ("2024-03-01", 2, 1), ("2024-03-02", 9, -1)]
    lines += [(f"2024-03-{day:02}", 1, 1) for day in range(3, 9)]
    frame = pd.DataFrame(lines, columns=["date", "units_sold", "unit_price"]).assign(
        store_id="S1", product_id="A"
    )
    frame.to_csv(tmp_path / "sales_data.csv", index=False)
    rows, report = read_rows(tmp_path, DataOptions(duplicates="sum", quarantine=0.5))
    assert rows["units_sold"].to_pylist() == [6, None, *[1] * 6]
    assert report.rejected_rows == {"sales_data": 2}


def test_what_is_refused_without_it_names_it(tmp_path: Path) -> None:
    with pytest.raises(DataRejected) as refused:
        read_rows(invoices(tmp_path))
    remedies = {problem.rule: problem.remedy for problem in refused.value.problems}
    assert set(remedies) == {"date_with_time", "negative_units"}
    assert all("data.duplicates" in remedy for remedy in remedies.values())
    day = pd.read_csv(tmp_path / "sales_data.csv").assign(date="2024-03-01", units_sold=1)
    day.to_csv(tmp_path / "sales_data.csv", index=False)
    with pytest.raises(
        DataRejected, match=r"occurs again .* add invoice lines up with data\.duplicates: sum"
    ):
        read_rows(tmp_path)


def test_stock_is_never_added_up(tmp_path: Path) -> None:
    invoices(tmp_path)
    (tmp_path / "inventory_levels.csv").write_text(
        "date,store_id,product_id,on_hand\n2024-03-03,S1,A,5\n2024-03-03,S1,A,7\n"
    )
    with pytest.raises(DataRejected, match=r"inventory_levels.csv: the same .* occurs again"):
        read_rows(tmp_path, SUM)


def test_workers_add_up_what_one_process_does(tmp_path: Path) -> None:
    chance = np.random.default_rng(5)
    count = 3000
    frame = pd.DataFrame(
        {
            "date": [f"2024-03-{day:02} {hour:02}:30:00" for day, hour in chance.integers(1, 24, (count, 2))],
            "store_id": chance.choice(["S1", "S2", "S3"], count),
            "product_id": chance.choice(list("ABCDEFG"), count),
            "units_sold": chance.integers(-3, 12, count),
            "unit_price": chance.integers(1, 9, count) / 2,
        }
    )
    data = tmp_path / "data"
    folder = data / "sales_data"
    folder.mkdir(parents=True)
    for part in range(3):
        frame[part::3].to_csv(folder / f"part-{part}.csv", index=False)
    options = DataOptions(duplicates="sum", shards=4)
    expected, report = read_rows(data, options)
    artifact = run_executor(data, tmp_path / "artifact", options)
    found = pa.concat_tables(shard_tables(Path(artifact.uri))).sort_by([(name, "ascending") for name in KEY])
    assert found.combine_chunks().equals(expected.combine_chunks())
    assert report.model_dump_json() == artifact.get_string_custom_property("report")
    assert any(note.startswith("2,9") and "were added up" in note for note in report.notes)
