"""What was computed, as rows: names taken apart, NaN kept out, nothing lost."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import tensorflow_data_validation as tfdv

from components.metrics_exporter.tables import calibration_table, metric_table, policy_table, statistics_table


def test_baselines_are_told_from_the_model_by_the_prefix_of_their_metrics() -> None:
    whole = {"wape": 0.3, "seasonal_naive_wape": 0.6, "skill_seasonal_naive": 0.5, "wape_diff": -0.1}
    evaluations = {
        "demand_forecasting": {
            "candidate": {"": whole, "store_id=S1": {"wape": 0.4}},
            "incumbent": {"": {"wape": 0.35, "seasonal_naive_wape": 0.6}},
        }
    }
    found = metric_table("r", evaluations).to_pylist()
    assert {(row["source"], row["slice"], row["metric"]): row["value"] for row in found} == {
        ("candidate", "all", "wape"): 0.3,
        ("seasonal_naive", "all", "wape"): 0.6,
        ("candidate", "all", "skill_seasonal_naive"): 0.5,
        ("candidate", "store_id=S1", "wape"): 0.4,
        ("incumbent", "all", "wape"): 0.35,
    }
    assert {(row["run_id"], row["model"]) for row in found} == {("r", "demand_forecasting")}


def test_policies_with_their_groups_and_the_bound_without() -> None:
    policies: dict[str, dict[str, Any]] = {
        "model": {
            "fill_rate": 0.5,
            "simulation": {"total_cost": 9.0, "by": {"category=a": {"total_cost": 4.0}}},
        },
        "clairvoyant": {"simulation": {"total_cost": 5.0}},
        "incumbent": {"fill_rate": 0.4},
    }
    found = policy_table("r", policies, "model").to_pylist()
    columns = ("policy", "slice", "total_cost", "fill_rate", "plans")
    assert [tuple(row[name] for name in columns) for row in found] == [
        ("model", "all", 9.0, None, True),
        ("model", "category=a", 4.0, None, True),
        ("clairvoyant", "all", 5.0, None, False),
    ]


def test_levels_without_observed_demand_are_left_out() -> None:
    shares = {"0.1": {"below": 0.05, "at_most": 0.2}, "0.9": {"below": math.nan, "at_most": math.nan}}
    assert calibration_table("r", shares).to_pylist() == [
        {"run_id": "r", "level": 0.1, "below": 0.05, "at_most": 0.2}
    ]


def test_statistics_equal_pandas() -> None:
    rows = pd.DataFrame({"units": [0.0, 0.0, 5.0, 7.0, None], "store": ["a", "b", "a", "a", "b"]})
    found = statistics_table("r", tfdv.generate_statistics_from_dataframe(rows)).to_pylist()
    by_name = {row["feature"]: row for row in found}
    units = by_name["units"]
    assert (units["rows"], units["missing"], units["low"], units["high"]) == (5, 0.2, 0.0, 7.0)
    assert (units["mean"], units["zeros"], units["distinct_values"]) == (rows.units.mean(), 0.4, None)
    assert (by_name["store"]["distinct_values"], by_name["store"]["mean"]) == (2, None)
