"""On which days a store was closed."""

from store.migrations import run_sql

revision = "0005"
down_revision = "0004"


SQL = """
ALTER TABLE actuals ADD COLUMN open boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN actuals.open IS 'Whether the store was; where not, nothing was sold, and units_sold is empty.';
COMMENT ON COLUMN actuals.units_sold IS 'Empty where the store was closed, or nothing is known of the period.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
