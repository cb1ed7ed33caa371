"""Versions of the tables: plain SQL in a few lines of Alembic; one that was released is never changed."""

from __future__ import annotations

from alembic import op


def run_sql(text: str) -> None:
    """Runs some statements with our schema in front."""
    connection = op.get_bind().connection.driver_connection
    # Past SQLAlchemy, which would take colons and per cent signs for parameters.
    assert connection is not None
    connection.execute(text.encode())
