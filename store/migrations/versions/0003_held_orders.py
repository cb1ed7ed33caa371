"""Which orders are out of proportion, and who accepted them."""

from store.migrations import run_sql

revision = "0003"
down_revision = "0002"


SQL = """
ALTER TABLE order_lines ADD COLUMN held text, ADD COLUMN accepted_by text;
COMMENT ON COLUMN order_lines.held IS 'Why the proposal is out of all proportion to what was sold; empty where it is not.';
COMMENT ON COLUMN order_lines.accepted_by IS 'Who let a proposal that is out of proportion pass when the plan was made.';
COMMENT ON COLUMN order_lines.order_quantity IS 'What to order, in units: the override where there is one, 0 where the proposal is held and nobody accepted it, else the proposal.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
