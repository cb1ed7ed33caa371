"""What accepting means, with TFDV itself as the judge."""

from __future__ import annotations

import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv

from components.example_generation.folder import read_rows
from components.example_generation.options import DataOptions
from pipeline.sample_data.files import write_sample_data
from pipeline.schema_review.reviewing import changes, draft, statistics_of, unified_diff
from pipeline.schema_review.text import parse, with_feature
from tests.places import ROOT

CURATED = (ROOT / "schema" / "rows.pbtxt").read_text()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    folder = tmp_path_factory.mktemp("review")
    write_sample_data(folder / "data", stores=2, products=5, periods=400, seed=1)
    return read_rows(folder / "data", DataOptions())[0]


def with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(name), name, values)


def test_what_the_curated_schema_does_not_know_are_the_external_columns(rows: pa.Table) -> None:
    found = changes(CURATED, rows)
    assert [change.feature for change in found] == ["event", "holiday", "precipitation", "temperature"]
    assert all(change.old is None for change in found)
    # An inferred list of values comes with the feature.
    assert found[0].new.string_domain.value


def test_accepting_all_leaves_no_anomaly_and_accepting_twice_changes_nothing(rows: pa.Table) -> None:
    lead = rows["lead_time"].to_pylist()
    lead[7] = 400
    price = [None] * 5 + rows["unit_price"].to_pylist()[5:]
    odd = with_column(rows, "lead_time", pa.array(lead, pa.int64()))
    odd = with_column(odd, "unit_price", pa.array(price, pa.float32()))
    odd = odd.drop(["shortage_cost"]).append_column("shortage_cost", pa.nulls(odd.num_rows, pa.float32()))
    text = CURATED
    for change in changes(CURATED, odd):
        text = with_feature(text, change.new)
    for environment in ("TRAINING", "SERVING"):
        serving = odd.drop(["units_sold"]) if environment == "SERVING" else odd
        anomalies = tfdv.validate_statistics(statistics_of(serving), parse(text), environment=environment)
        assert not anomalies.anomaly_info
    assert changes(text, odd) == []


def test_the_rows_that_ask_for_a_change_are_named(rows: pa.Table) -> None:
    lead = rows["lead_time"].to_pylist()
    lead[7] = 400
    odd = with_column(rows, "lead_time", pa.array(lead, pa.int64()))
    change = next(found for found in changes(CURATED, odd) if found.feature == "lead_time")
    store, product = rows["store_id"][7].as_py(), rows["product_id"][7].as_py()
    assert change.count == 1
    assert change.rows[0].startswith(f"{store}, {product}, 20") and change.rows[0].endswith(": 400")


def test_the_diff_is_that_of_the_file(rows: pa.Table) -> None:
    shown = unified_diff(CURATED, changes(CURATED, rows), "rows.pbtxt")
    assert shown.startswith("--- rows.pbtxt\n+++ rows.pbtxt (accepted)\n@@")
    assert not [line for line in shown.splitlines()[2:] if line.startswith("-")]


def test_a_draft_accepts_the_data_it_was_made_from_without_labels_too(rows: pa.Table) -> None:
    schema = parse(draft(rows))
    for environment, table in (("TRAINING", rows), ("SERVING", rows.drop(["units_sold"]))):
        found = tfdv.validate_statistics(statistics_of(table), schema, environment=environment)
        assert not found.anomaly_info
