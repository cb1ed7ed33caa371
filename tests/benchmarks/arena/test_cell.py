"""A cell from its files to its scores, with peers that need no library of their own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.arena.cell import Cell
from benchmarks.arena.sets import DataSet, Terms
from benchmarks.arena.summing import together
from benchmarks.arena.tasks import Known, Source
from benchmarks.peers.arena import __main__ as peers

DAYS = pd.date_range("2024-01-01", periods=42)
ORIGIN = DAYS[34]
TERMS = Terms(lead_time=1, review_period=2, holding_cost=1.0, shortage_cost=9.0)
OF = DataSet("tiny", "", lambda *_: None, "D", 7, Known(), (str(ORIGIN.date()),), TERMS)
METHODS = ("recent_mean", "seasonal_naive")


@pytest.fixture
def sales() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = [(day, "S", str(product)) for product in range(6) for day in DAYS]
    table = pd.DataFrame(rows, columns=["date", "store_id", "product_id"])
    table["units_sold"] = rng.poisson(4, len(table)).astype(float)
    table["in_stock"] = np.where((rng.random(len(table)) < 0.1) & (table["product_id"] == "0"), 0.5, 1.0)
    return table


@pytest.fixture
def cell(sales: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cell:
    data = tmp_path / "data"
    data.mkdir()
    sales.to_parquet(data / "sales_data.parquet")
    pd.DataFrame(
        {"product_id": [str(i) for i in range(6)], "category": "c", "lead_time": [1, 2] * 3}
    ).to_parquet(data / "products.parquet")
    found = Cell(OF, str(ORIGIN.date()), data, tmp_path / "cell")
    found.prepare(Source.read(data))
    monkeypatch.setattr("sys.argv", ["peers", str(found.folder), "--methods", ",".join(METHODS)])
    peers.main()
    return found


def test_errors_are_those_of_pandas(cell: Cell, sales: pd.DataFrame) -> None:
    found = cell.scored("recent_mean", None, None)

    full = sales[sales["in_stock"] == 1.0]
    known = full[(full["date"] <= ORIGIN) & (full["date"] > DAYS[27])]
    mean = known.groupby("product_id")["units_sold"].mean()
    came = full[full["date"] > ORIGIN]
    error = came["product_id"].map(mean) - came["units_sold"]
    assert found["wape"] == pytest.approx(error.abs().sum() / came["units_sold"].sum())
    assert found["bias"] == pytest.approx(error.sum() / came["units_sold"].sum())
    assert found["without_forecast"] == 0


def test_orders_serve_what_customers_wanted(cell: Cell, sales: pd.DataFrame) -> None:
    later = sales[sales["date"] > ORIGIN]
    lead = pd.Series([1, 2] * 3, index=[str(i) for i in range(6)])
    step = (later["date"] - ORIGIN).dt.days - 1
    reached = later[step >= later["product_id"].map(lead)]

    cost = cell.scored("seasonal_naive", None, None)["cost"]

    # Half a day's stock sold half of what was wanted.
    assert cost["units"] == (reached["units_sold"] / reached["in_stock"]).sum()
    assert cost["series"] == 6
    assert cost["total"] == cost["holding"] + cost["shortage"] > 0


def test_the_recent_mean_stands_in_where_a_method_says_nothing(cell: Cell) -> None:
    plain = cell.scored("recent_mean", None, None)
    file = cell.folder / "recent_mean.parquet"
    table = pd.read_parquet(file)
    table[table["unique_id"] != "S\t3"].to_parquet(file)

    found = cell.scored("recent_mean", None, None)

    assert found["without_forecast"] == 1
    assert found["wape"] == plain["wape"]
    assert found["cost"] == plain["cost"]


def test_what_is_done_is_not_asked_again(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(Cell, "_peer", lambda _, method: asked.append(method))

    cell.forecast([*METHODS, "ets"])

    assert asked == ["ets"]


def test_origins_add_up(cell: Cell) -> None:
    one = cell.scored("seasonal_naive", None, None)
    two = json.loads(json.dumps(one))

    both = together([one, two])

    assert both["wape"] == pytest.approx(one["wape"])
    assert both["cost"] == pytest.approx(2 * one["cost"]["total"])
    assert both["rmsse"] == pytest.approx(one["rmsse"])
