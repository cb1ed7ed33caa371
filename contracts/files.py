"""Files in the folders of artifacts, which one component writes and others read."""

from __future__ import annotations

from contracts.columns import ORDER_WEEKDAYS

INGEST = "ingest.json"
OF_PRODUCTS = {
    "follows": "follows.json",
    "active_until": "active_until.json",
    ORDER_WEEKDAYS: "order_weekdays.json",
}
"""What columns of products say of all of them at once (example_generation.joining.products.ByStore), where one does."""
FUTURE_EXTERNAL = "future_external.arrow"
FUTURE_PLAN = "future_plan.arrow"
"""What is known of the time after the last sale: of external_factors, and of the plan where there is one."""
STATISTICS = "FeatureStats.pb"
SCHEMA = "schema.pbtxt"
CHECKS = "checks.json"
"""Of either gate and of the serving validator."""
WINDOWS = "windows.json"
FEATURE_SPACE = "feature_space.json"
TEST_PERIOD = "test_period"
"""Folder of Parquet files: the rows of the test period, and of one review period before it."""
CHOICE_PERIOD = "choice_period"
"""The same of the eval period, of the series that the policy that plans is chosen by."""
POLICIES = "policies.json"
PLANNING = "planning.json"
"""By which policy the pair plans, and what led to it (contracts.records.planning)."""
SERIES = "series.parquet"
CALIBRATION = "calibration.json"
SUM_CALIBRATION = "sum_calibration.json"
FORECASTS = "forecasts.parquet"
"""Of the test period beside its sales; in a plan's folder those of the coming periods."""
ERRORS = "errors.parquet"
