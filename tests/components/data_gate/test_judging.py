"""The gate on statistics of real rows, under the reviewed schema."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv

from components.data_gate.judging import find_anomalies, judge

SCHEMA = tfdv.load_schema_text(str(Path(__file__).parents[3] / "schema" / "rows.pbtxt"))


def frame(rows: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "date": 19_000 + np.arange(rows),
            "store_id": "s1",
            "product_id": "p1",
            "units_sold": rng.poisson(3, rows).astype(np.float32),
            "unit_price": rng.uniform(1, 2, rows).astype(np.float32),
            "on_promotion": rng.integers(0, 2, rows),
            "in_stock": np.float32(1.0),
            "category": "c1",
            "lead_time": 3,
            "pack_size": np.float32(6),
            "minimum_order_quantity": np.float32(0),
            "holding_cost": np.float32(0.1),
            "shortage_cost": np.float32(0.9),
        }
    )


def findings(rows: pd.DataFrame, environment: str = "TRAINING") -> dict[str, tuple[str, str]]:
    statistics = tfdv.generate_statistics_from_dataframe(rows)
    return {f.feature: (f.severity, f.kind) for f in judge(find_anomalies(statistics, SCHEMA, environment))}


def test_good_rows_pass() -> None:
    assert findings(frame()) == {}


def test_optional_columns_may_be_absent() -> None:
    assert findings(frame().drop(columns=["unit_price", "on_promotion", "in_stock"])) == {}


def test_a_further_external_factor_only_warns() -> None:
    assert findings(frame().assign(temperature=np.float32(20))) == {
        "temperature": ("warn", "SCHEMA_NEW_COLUMN")
    }


def test_serving_rows_need_no_sales() -> None:
    rows = frame().drop(columns=["units_sold"])
    assert findings(rows, "SERVING") == {}
    assert findings(rows, "TRAINING")["units_sold"][0] == "stop"


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("units_sold", -1.0, "FLOAT_TYPE_SMALL_FLOAT"),
        ("in_stock", 1.5, "FLOAT_TYPE_BIG_FLOAT"),
        ("lead_time", 4000, "INT_TYPE_BIG_INT"),
        ("on_promotion", 2, "INT_TYPE_BIG_INT"),
    ],
)
def test_a_value_out_of_its_domain_stops(column: str, value: float, kind: str) -> None:
    rows = frame()
    rows.loc[5, column] = value
    rows[column] = rows[column].astype(frame()[column].dtype)
    assert findings(rows)[column] == ("stop", kind)


def test_sales_that_are_mostly_unknown_stop() -> None:
    rows = frame()
    rows.loc[: len(rows) * 6 // 10, "units_sold"] = np.nan
    rows = rows.astype({"units_sold": object}).where(rows.notna(), None)
    assert findings(rows)["units_sold"][0] == "stop"


def test_a_finding_becomes_a_problem_that_names_the_feature() -> None:
    statistics = tfdv.generate_statistics_from_dataframe(frame().drop(columns=["store_id"]))
    problem = judge(find_anomalies(statistics, SCHEMA, "TRAINING"))[0].as_problem()
    assert problem.column == "store_id"
    assert "store_id" in str(problem) and "missing" in str(problem).lower()
