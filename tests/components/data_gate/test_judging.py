"""The gate on statistics of real rows, under the reviewed schema."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv

from components.data_gate.checks import problem_of
from components.data_gate.judging import anomaly_findings, find_anomalies, serving_statistics
from components.data_gate.severity import InForce, decide, load_severities
from tests.places import ROOT

REVIEWED = ROOT / "schema"
SCHEMA = tfdv.load_schema_text(str(REVIEWED / "rows.pbtxt"))
RULES = InForce(file=load_severities(REVIEWED / "severities.yaml"))


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
    found = anomaly_findings(find_anomalies(statistics, SCHEMA, environment), SCHEMA)
    return {c.feature: (c.verdict, c.check) for c in decide(found, RULES) if c.verdict != "pass"}


def test_good_rows_pass() -> None:
    assert findings(frame()) == {}


def test_optional_columns_may_be_absent() -> None:
    assert findings(frame().drop(columns=["unit_price", "on_promotion", "in_stock"])) == {}


def test_a_further_external_factor_only_warns() -> None:
    assert findings(frame().assign(temperature=np.float32(20))) == {
        "temperature": ("warn", "schema_new_column")
    }


def test_serving_rows_need_no_sales() -> None:
    rows = frame().drop(columns=["units_sold"])
    assert findings(rows, "SERVING") == {}
    assert findings(rows, "TRAINING")["units_sold"][0] == "stop"


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("units_sold", -1.0, "float_type_small_float"),
        ("in_stock", 1.5, "float_type_big_float"),
        ("lead_time", 4000, "int_type_big_int"),
        ("on_promotion", 2, "int_type_big_int"),
    ],
)
def test_a_value_out_of_its_domain_stops(column: str, value: float, kind: str) -> None:
    rows = frame()
    rows.loc[5, column] = value
    rows[column] = rows[column].astype(frame()[column].dtype)
    assert findings(rows)[column] == ("stop", kind)


@pytest.mark.parametrize(("known", "verdicts"), [(0, {"units_sold": "stop"}), (1, {}), (20, {})])
def test_sales_may_be_mostly_unknown_but_not_wholly(known: int, verdicts: dict[str, str]) -> None:
    rows = frame()
    rows.loc[known:, "units_sold"] = np.nan
    units = [None if np.isnan(value) else value for value in rows["units_sold"]]
    rows["units_sold"] = pd.Series(units, rows.index, dtype="object")
    assert {feature: verdict for feature, (verdict, _) in findings(rows).items()} == verdicts


def test_a_finding_becomes_a_problem_that_names_the_feature() -> None:
    statistics = tfdv.generate_statistics_from_dataframe(frame().drop(columns=["store_id"]))
    findings = anomaly_findings(find_anomalies(statistics, SCHEMA, "TRAINING"), SCHEMA)
    problem = problem_of(decide(findings, RULES)[0])
    assert problem.column == "store_id"
    assert "store_id" in str(problem) and "missing" in str(problem).lower()


def test_every_feature_of_the_schema_leaves_a_record() -> None:
    statistics = tfdv.generate_statistics_from_dataframe(frame())
    findings = anomaly_findings(find_anomalies(statistics, SCHEMA, "TRAINING"), SCHEMA)
    assert [f.feature for f in findings] == sorted(f.name for f in SCHEMA.feature)
    assert not any(f.failed for f in findings)


def test_what_serving_would_send_is_judged_without_labels() -> None:
    served = serving_statistics(pa.Table.from_pandas(frame().assign(category=None)))
    anomalies = find_anomalies(served, SCHEMA, "SERVING")
    failed = [f for f in anomaly_findings(anomalies, SCHEMA, serving=True) if f.failed]
    assert [(f.check, f.feature) for f in failed] == [("serving_schema", "category")]


@pytest.mark.parametrize("column", ["on_promotion", "lead_time", "unit_price", "category", "in_stock"])
@pytest.mark.parametrize("empty", [1, 150, 199, 200])
def test_a_cell_left_empty_changes_no_type(column: str, empty: int) -> None:
    """By hand: what may be empty fails nothing, and what must be filled fails by its presence alone."""
    table = pa.Table.from_pandas(frame(), preserve_index=False)
    values = table[column].to_pylist()
    cleared = pa.array([None] * empty + values[empty:], table[column].type)
    table = table.set_column(table.column_names.index(column), column, cleared)
    found = anomaly_findings(
        find_anomalies(serving_statistics(table), SCHEMA, "SERVING"), SCHEMA, serving=True
    )
    always = ("lead_time", "category")
    assert {f.feature for f in found if f.failed} == ({column} if column in always else set())
    assert not any("type" in f.reason.lower() for f in found if f.failed)


def test_the_schemas_skew_comparators_count() -> None:
    schema = type(SCHEMA)()
    schema.CopyFrom(SCHEMA)
    category = next(feature for feature in schema.feature if feature.name == "category")
    category.skew_comparator.infinity_norm.threshold = 0.1
    rows = frame().assign(category=["c1", "c2"] * 100)
    statistics = tfdv.generate_statistics_from_dataframe(rows)
    table = pa.Table.from_pandas(rows)
    found = [
        [
            f.check
            for f in anomaly_findings(find_anomalies(statistics, schema, "TRAINING", served), schema)
            if f.failed
        ]
        for served in (serving_statistics(table), serving_statistics(table.take(np.arange(0, 200, 2))))
    ]
    assert found == [[], ["comparator_l_infty_high"]]
