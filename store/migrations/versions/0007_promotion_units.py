"""What the planned promotions of coming periods add."""

from store.migrations import run_sql

revision = "0007"
down_revision = "0006"


SQL = """
ALTER TABLE forecasts ADD COLUMN promotion_units real;
COMMENT ON COLUMN forecasts.promotion_units IS 'Units of the mean that the planned promotion or discount adds, the model being asked with and without it; null where none is planned.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
