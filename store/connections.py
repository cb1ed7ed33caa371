"""How to reach the store: addresses with passwords, in a file that only the workspace's owner can read."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
from psycopg import conninfo
from pydantic import BaseModel, ConfigDict

from contracts.durable import replacing
from contracts.errors import UserError
from store.migrating import SCHEMA

FILE = "connections.json"


class Connections(BaseModel):
    """libpq addresses.

    Attributes:
        owner: owns the tables, and may change them.
        writer: may change rows.
        reader: may only read; None where the administrator of the database keeps it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str
    writer: str
    reader: str | None

    def write(self, folder: Path) -> Path:
        """Writes the file whole or not at all, with mode 600."""
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / FILE, durable=False) as temporary:
            temporary.touch(0o600, exist_ok=False)
            temporary.write_text(json.dumps(self.model_dump(), indent=1))
        return folder / FILE

    @classmethod
    def read(cls, folder: Path) -> Connections:
        """Reads the file.

        Raises:
            UserError: there is none.
        """
        path = folder / FILE
        if not path.exists():
            raise UserError(f"{path}: is not there; run the pipeline in this workspace first")
        return cls.model_validate_json(path.read_text())


def connect(url: str) -> psycopg.Connection:
    """A connection that names our tables without their schema.

    Raises:
        UserError: the server cannot be reached, or refuses the role; the password is not in the message.
    """
    try:
        connection = psycopg.connect(url, connect_timeout=10, application_name="retail-inventory")
    except psycopg.OperationalError as error:
        raise UserError(
            f"the database at {named(url)} cannot be used ({' '.join(str(error).split())}); check that it runs, and "
            "the address in database_url"
        ) from None
    connection.execute(f"SET search_path TO {SCHEMA}")
    connection.commit()
    return connection


def named(url: str) -> str:
    """The address without its password."""
    parts = conninfo.conninfo_to_dict(url)
    parts.pop("password", None)
    return conninfo.make_conninfo("", **parts)
