"""Which of the coming periods are planned to be on promotion."""

from store.migrations import run_sql

revision = "0006"
down_revision = "0005"


SQL = """
ALTER TABLE forecasts ADD COLUMN on_promotion boolean;
COMMENT ON COLUMN forecasts.on_promotion IS 'A promotion was planned for the period; null where the plan did not reach so far.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
