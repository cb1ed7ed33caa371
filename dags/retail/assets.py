"""What DAGs wait for and make. Events from outside come by Airflow's REST API: POST /api/v2/assets/events."""

from __future__ import annotations

from airflow.sdk import Asset

SALES_DATA = Asset(uri="retail://sales-data", name="sales_data", group="retail")
"""New files in the data folder; whoever delivers them posts an event."""
RETRAINING = Asset(uri="retail://retraining", name="retraining", group="retail")
"""A training is due, or someone wants one: planning says so once a day, with its reasons in the event."""
MODEL_PAIR = Asset(uri="retail://model-pair", name="model_pair", group="retail")
"""A pair of models was pushed."""
PLAN = Asset(uri="retail://plan", name="plan", group="retail")
"""Orders were planned."""
