"""Holidays and events are called events."""

from store.migrations import run_sql

revision = "0004"
down_revision = "0003"


SQL = """
ALTER TABLE occasions RENAME TO events;
ALTER INDEX occasions_pkey RENAME TO events_pkey;
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
