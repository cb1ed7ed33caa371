"""Versions of the tables. Each is plain SQL beside a few lines of Alembic; one that was released is never changed."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run_sql_beside(file: str) -> None:
    """Runs the SQL file of the same name as the migration, with our schema in front."""
    connection = op.get_bind().connection.driver_connection
    # Past SQLAlchemy, which would take colons and per cent signs for parameters.
    assert connection is not None
    connection.execute(Path(file).with_suffix(".sql").read_bytes())
