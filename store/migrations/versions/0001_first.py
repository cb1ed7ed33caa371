"""The first tables."""

from store.migrations import run_sql_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Called by Alembic."""
    run_sql_beside(__file__)
