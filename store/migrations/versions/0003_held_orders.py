"""Which orders are out of proportion, and who accepted them."""

from store.migrations import run_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Called by Alembic."""
    run_sql_beside(__file__)
