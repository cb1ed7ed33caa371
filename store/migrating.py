"""Brings the tables of a database up to the newest version."""

from __future__ import annotations

from importlib.resources import files

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

SCHEMA = "retail"
_FOLDER = files(__package__) / "migrations"
_LOCK = 7_205_411
"""Any number, so that two processes do not migrate at once."""


def revisions() -> set[str]:
    """All that this program knows."""
    return {script.revision for script in ScriptDirectory.from_config(_settings()).walk_revisions()}


def migrate(url: str, revision: str = "head") -> None:
    """Creates or updates all tables in one transaction; does nothing where they are up to date.

    Args:
        url: libpq address of a role that may create a schema in the database.
        revision: up to which; the newest, if unset.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database refused.
    """
    settings = _settings()
    with engine(url).begin() as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        connection.exec_driver_sql(f"SET LOCAL search_path TO {SCHEMA}")
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)


def _settings() -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(_FOLDER))
    return settings


def engine(url: str) -> sqlalchemy.Engine:
    """SQLAlchemy's engine over psycopg 3, for an address as libpq writes it."""
    made = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    return sqlalchemy.create_engine(made, poolclass=sqlalchemy.NullPool)
