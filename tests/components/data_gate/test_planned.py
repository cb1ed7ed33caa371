"""Planned prices against those that were paid."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from components.data_gate.planned import planned_price_finding
from components.data_gate.severity import Limits

PAID = pd.DataFrame(
    {
        "store_id": np.repeat(["s1", "s2"], 20),
        "product_id": ["a", "b"] * 20,
        "unit_price": np.tile([2.0, 50.0], 20) * np.repeat([1.0, 3.0], 20),
        "date": 1,
    }
)


def plan(*rows: tuple[str, str, float | None]) -> pa.Table:
    stores, products, prices = zip(*rows, strict=True)
    return pa.table(
        {
            "date": pa.array([19_800] * len(rows)),
            "store_id": list(stores),
            "product_id": list(products),
            "unit_price": pa.array(prices, pa.float32()),
        }
    )


@pytest.mark.parametrize(
    ("row", "times"),
    [
        (("s1", "a", 200.0), 100.0),
        (("s1", "a", 0.02), 100.0),
        (("s2", "a", 200.0), 200 / 6),
        (("", "b", 5000.0), 5000 / (50 * 3**0.5)),
        (("s9", "b", 5000.0), 5000 / (50 * 3**0.5)),
    ],
)
def test_a_price_out_of_proportion_is_found(row: tuple[str, str, float], times: float) -> None:
    (found,) = planned_price_finding(plan(("s1", "b", 40.0), row), PAID, Limits())
    assert (found.check, found.feature, found.verdict) == ("out_of_proportion", "planned_price", "stop")
    assert found.value == pytest.approx(times, rel=1e-5)
    (example,) = found.rows
    assert (example.store_id, example.product_id, example.date) == (row[0], row[1], "2024-03-18")


@pytest.mark.parametrize(
    "rows", [[("s1", "a", 1.5), ("", "a", 3.0)], [("s1", "new", 1000.0)], [("s1", "a", None)]]
)
def test_usual_prices_and_those_that_nothing_tells_of_pass(rows: list[Any]) -> None:
    assert not [f for f in planned_price_finding(plan(*rows), PAID, Limits()) if f.verdict != "pass"]


def test_without_a_plan_or_prices_there_is_nothing_to_say() -> None:
    assert planned_price_finding(None, PAID, Limits()) == []
    assert planned_price_finding(plan(("s1", "a", 1.0)), PAID.drop(columns="unit_price"), Limits()) == []
    assert planned_price_finding(plan(("s1", "a", 1.0)).drop(["unit_price"]), PAID, Limits()) == []
