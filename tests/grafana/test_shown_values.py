"""What the dashboards show, worked out again with pandas from the shop's own files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest

from tests.grafana.board_files import BOARDS, queries, read
from tests.grafana.expansion import expand
from tests.grafana.lint import options
from tests.pipeline.lived_in import LivedIn

pytestmark = pytest.mark.slow

KEY = ["store_id", "product_id"]
MEDIAN = 3
"""Index of the middle one of the seven quantiles."""


@pytest.fixture(scope="module")
def shown(
    reader: psycopg.Connection, between: tuple[datetime, datetime]
) -> Callable[[str, str], list[tuple[Any, ...]]]:
    """Rows of a panel, by the uid of its dashboard and its title, with all that can be chosen."""
    boards = {path.stem: read(path) for path in BOARDS}

    def rows(uid: str, title: str) -> list[tuple[Any, ...]]:
        board = boards[uid]
        (text,) = [query.text for query in queries(board) if query.panel["title"] == title]
        chosen = options(reader, board, "all")
        return reader.execute(expand(text, *between, chosen).encode()).fetchall()

    return rows


@pytest.fixture(scope="module")
def sales(lived_in: LivedIn) -> pd.DataFrame:
    return pd.read_csv(lived_in.small.data / "sales_data.csv", parse_dates=["date"])


@pytest.fixture(scope="module")
def stock(lived_in: LivedIn) -> pd.DataFrame:
    """Stock of the last date with the products' costs."""
    levels = pd.read_csv(lived_in.small.data / "inventory_levels.csv", parse_dates=["date"])
    products = pd.read_csv(lived_in.small.data / "products.csv")
    return levels[levels.date == pd.Timestamp(lived_in.last)].merge(products, on="product_id")


@pytest.fixture(scope="module")
def came_true(lived_in: LivedIn, sales: pd.DataFrame) -> pd.DataFrame:
    """The first plan's forecasts beside the sales that came, and the sales one season before."""
    folder = lived_in.small.workspace / "plans" / str(lived_in.first)
    forecasts = pq.read_table(folder / "forecasts.parquet").to_pandas()
    forecasts["date"] = pd.to_datetime(forecasts["date"])
    forecasts["middle"] = [quantiles[MEDIAN] for quantiles in forecasts["quantiles"]]
    step = (forecasts.date - pd.Timestamp(lived_in.first)).dt.days
    forecasts["asked"] = forecasts.date - pd.to_timedelta(7 * np.ceil(step / 7), unit="D")
    ago = sales[[*KEY, "date", "units_sold"]].rename(columns={"date": "asked", "units_sold": "naive"})
    return forecasts.merge(sales, on=[*KEY, "date"]).merge(ago, on=[*KEY, "asked"], how="left")


def test_stock_value(shown: Any, stock: pd.DataFrame) -> None:
    assert shown("retail-inventory", "Stock value") == [
        (pytest.approx((stock.on_hand * stock.unit_cost).sum(), rel=1e-6),)
    ]


def test_days_of_cover(shown: Any, stock: pd.DataFrame, lived_in: LivedIn) -> None:
    folder = lived_in.small.workspace / "plans" / str(lived_in.last)
    mean = pq.read_table(folder / "forecasts.parquet").to_pandas().groupby(KEY)["mean"].mean()
    held = stock.set_index(KEY).on_hand.reindex(mean.index)
    assert shown("retail-inventory", "Days of cover") == [(pytest.approx(held.sum() / mean.sum(), rel=1e-5),)]


def test_realised_error(shown: Any, came_true: pd.DataFrame) -> None:
    full = came_true[came_true.in_stock >= 1]
    wape = (full.middle - full.units_sold).abs().sum() / full.units_sold.sum()
    assert shown("retail-demand-forecast", "Realised error") == [(pytest.approx(wape, rel=1e-5),)]


def test_realised_skill(shown: Any, came_true: pd.DataFrame) -> None:
    full = came_true[(came_true.in_stock >= 1) & came_true.naive.notna()]
    error, naive = ((full[name] - full.units_sold).abs().sum() for name in ("middle", "naive"))
    found = shown("retail-demand-forecast", "Skill against naive")
    assert found == [(pytest.approx(1 - error / naive, rel=1e-4),)]


def test_what_planned_promotions_add(shown: Any, lived_in: LivedIn) -> None:
    folder = lived_in.small.workspace / "plans" / str(lived_in.last)
    planned = pq.read_table(folder / "forecasts.parquet").to_pandas().dropna(subset=["promotion_units"])
    added, there = planned.promotion_units.sum(), planned["mean"].sum()
    found = shown("retail-demand-forecast", "Promotions add, units")
    assert found == [(pytest.approx(added, rel=1e-4),)]
    found = shown("retail-demand-forecast", "Promotions add, share")
    assert found == [(pytest.approx(added / (there - added), rel=1e-4),)]
    rows = shown("retail-demand-forecast", "What planned promotions add, product by product")
    expected = planned.groupby(KEY).agg(periods=("date", "size"), added=("promotion_units", "sum"))
    assert {row[:2]: row[5] for row in rows} == expected.periods.to_dict()
    assert {row[:2]: row[7] for row in rows} == pytest.approx(expected.added.to_dict(), abs=1e-3)


def test_fill_rate(shown: Any, came_true: pd.DataFrame) -> None:
    # The second plan has no sales yet, so that the first one's forecasts are the newest of each date.
    lost = came_true["mean"] * (1 - came_true.in_stock)
    sold = came_true.units_sold.sum()
    assert shown("retail-inventory", "Fill rate") == [(pytest.approx(sold / (sold + lost.sum()), rel=1e-5),)]


def test_stock_outs(shown: Any, sales: pd.DataFrame, lived_in: LivedIn) -> None:
    newest = sales[sales.date > pd.Timestamp(lived_in.last) - pd.Timedelta(days=28)]
    found = shown("retail-inventory", "Stock-outs")
    assert float(found[0][0]) == pytest.approx((newest.in_stock < 1).mean(), rel=1e-6)


def test_sales_of_every_day(shown: Any, sales: pd.DataFrame) -> None:
    rows = shown("retail-demand-forecast", "All chosen products together: sales and forecast")
    found = {time: units for time, units, _ in rows if units is not None}
    expected = sales.groupby("date").units_sold.sum()
    assert len(found) > 28
    assert found == {time: pytest.approx(expected[pd.Timestamp(time)]) for time in found}


def test_the_order_list_is_the_buyers_file(shown: Any, lived_in: LivedIn) -> None:
    lines = pd.read_csv(lived_in.small.workspace / "plans" / str(lived_in.last) / "order_lines.csv")
    listed = lines[(lines.order_quantity > 0) | lines.override_quantity.notna() | lines.model_version.isna()]
    found = {(row[0], row[1]): row[3] for row in shown("retail-inventory", "Order list")}
    assert found == listed.set_index(KEY).order_quantity.to_dict()
    assert shown("retail-inventory", "Lines overridden") == [(int(lines.override_quantity.notna().sum()),)]
