"""Which dates of the actuals need not be compared again."""

from store.migrations import run_sql_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Called by Alembic."""
    run_sql_beside(__file__)
