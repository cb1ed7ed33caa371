"""Which models serve, as the store knows it."""

from __future__ import annotations

SERVING = """
    SELECT DISTINCT ON (model) model, version, pushed_at, last_date, run_id
    FROM retail.model_versions v
    WHERE blessed AND version IS NOT NULL
      AND (NOT tried OR EXISTS (SELECT FROM retail.plans p WHERE p.demand_version = v.version))
    ORDER BY model, pushed_at DESC, run_id DESC
    """
"""The newest pair that serves: one that is only tried beside it plans nothing that is ordered."""
