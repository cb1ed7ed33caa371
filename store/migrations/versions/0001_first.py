"""The first tables."""

from pathlib import Path

from store.migrations import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))
