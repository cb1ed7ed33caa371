"""Who may do what in a real PostgreSQL: every role at every action of docs/security.md, with rights by store."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping

import psycopg
import pyarrow as pa
import pytest
from psycopg import conninfo

from store import server
from store.connections import Connections, connect
from store.loading import merge_rows, replace_rows
from store.opening import choose
from tests.places import ROOT
from tests.store.test_migrating import in_database

NAME = "rights_by_store"
ROLES = ("viewer", "planner", "newcomer", "product", "admin")
"""A reader as Grafana is; a planner of S01; one who has no store yet; a writer; the owner."""
EVERYBODY = set(ROLES)
SERIES = "INSERT INTO series VALUES ('S01', 'P9', 'dairy', 1, 1, 1, 1)"
GIVE = (
    "GRANT SELECT ON runs TO retail_planner; "
    "SELECT 1 / has_table_privilege('retail_planner', 'retail.runs', 'SELECT')::int"
)
"""Without the right to it PostgreSQL only warns."""
ACT = (
    "INSERT INTO audit_events (acted_at, action, subject, detail, acted_by, reason, occasion) "
    "VALUES (now(), 'override', 'S01:P1', '', 'kim', '', '')"
)
ACTIONS: Mapping[str, tuple[str, set[str]]] = {
    "read the rows of S01": (
        "SELECT 1 / count(*) FROM series WHERE store_id = 'S01'",
        EVERYBODY - {"newcomer"},
    ),
    "read the rows of S02": (
        "SELECT 1 / count(*) FROM series WHERE store_id = 'S02'",
        {"viewer", "product", "admin"},
    ),
    "read plans": ("SELECT count(*) FROM plans", EVERYBODY),
    "read runs": ("SELECT count(*) FROM runs", {"viewer", "product", "admin"}),
    "read figures by store": ("SELECT count(*) FROM metrics", {"viewer", "product", "admin"}),
    "read the audit trail": ("SELECT count(*) FROM audit_trail", {"viewer", "product", "admin"}),
    "add a row": (SERIES, {"product", "admin"}),
    "change a row": ("UPDATE series SET category = 'x' WHERE store_id = 'S01'", {"product", "admin"}),
    "delete a row": ("DELETE FROM series WHERE store_id = 'S01'", {"product", "admin"}),
    "empty a table": ("TRUNCATE series", {"admin"}),
    "make a table": ("CREATE TABLE retail.mine (a int)", {"admin"}),
    "change a table": ("ALTER TABLE series ADD COLUMN mine int", {"admin"}),
    "drop a table": ("DROP TABLE series", {"admin"}),
    "lift rights by store": ("ALTER TABLE series DISABLE ROW LEVEL SECURITY", {"admin"}),
    "give oneself a store": (
        "INSERT INTO retail_rights.planner_stores VALUES (current_user, 'S02')",
        {"admin"},
    ),
    "add to the audit trail": (ACT, {"product", "admin"}),
    "change the audit trail": ("UPDATE audit_events SET acted_by = 'x'", set()),
    "delete from the audit trail": ("DELETE FROM audit_events", set()),
    "empty the audit trail": ("TRUNCATE audit_events", set()),
    "change a decision": ("UPDATE retraining_decisions SET said = 'x'", set()),
    "give rights": (GIVE, {"admin"}),
    "make a role": ("CREATE ROLE mine", {"admin"}),
    "run a program": ("COPY runs TO PROGRAM 'cat'", {"admin"}),
    "read a file": ("SELECT pg_read_file('PG_VERSION')", {"admin"}),
}


def as_role(url: str, user: str) -> str:
    return conninfo.make_conninfo(url, user=user, password=user)


@pytest.fixture(scope="module")
def roles(store: Connections, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A database with rights by store, and how each role reaches it."""
    url = in_database(store.owner, NAME)
    logins = {"planner": "retail_planner", "newcomer": "retail_planner", "viewer": "retail_reader"}
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}".encode())
    choose(tmp_path_factory.mktemp("store"), url)
    psql = server._package() / server._BINARIES["18"] / "bin" / "psql"
    for _ in range(2):
        file = ROOT / "deploy" / "database" / "stores.sql"
        done = subprocess.run(
            [psql, "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-f", file, url],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0 and "ERROR" not in done.stderr, done.stderr
    with connect(url) as connection:
        for name, group in (*logins.items(), ("product", "retail_writer")):
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}' IN ROLE {group}".encode())
        connection.execute("INSERT INTO retail_rights.planner_stores VALUES ('planner', 'S01')")
        for shop in ("S01", "S02"):
            connection.execute(
                "INSERT INTO series VALUES (%s, 'P1', 'dairy', 1, 1, 1, 1), (%s, 'P2', 'dairy', 1, 1, 1, 1)",
                [shop, shop],
            )
        connection.execute(ACT)
    yield {name: as_role(url, name) for name in (*logins, "product")} | {"admin": url}
    with psycopg.connect(store.owner, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)".encode())
        for name in (*logins, "product", "retail_planner"):
            connection.execute(f"DROP ROLE {name}".encode())


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_allowed_is_and_all_else_is_refused(roles: dict[str, str], action: str) -> None:
    statement, allowed = ACTIONS[action]
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.DivisionByZero)
    found = set()
    for role in ROLES:
        with connect(roles[role]) as connection:
            try:
                connection.execute(statement.encode())
                found.add(role)
            except refused:
                pass
            connection.rollback()
    assert found == allowed


def test_every_table_with_stores_shows_a_planner_his_own_alone(roles: dict[str, str]) -> None:
    with connect(roles["admin"]) as connection:
        tables = connection.execute(
            "SELECT c.relname, c.relrowsecurity, array_agg(p.polname::text ORDER BY p.polname) FROM pg_class c "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'store_id' "
            "LEFT JOIN pg_policy p ON p.polrelid = c.oid "
            "WHERE c.relnamespace = 'retail'::regnamespace AND c.relkind = 'r' GROUP BY c.oid, 1, 2"
        ).fetchall()
    assert len(tables) >= 8 and {"order_lines", "forecasts", "actuals"} <= {name for name, _, _ in tables}
    assert {(secured, tuple(policies)) for _, secured, policies in tables} == {
        (True, ("all_stores", "own_stores"))
    }
    with connect(roles["planner"]) as connection:
        assert connection.execute("SELECT DISTINCT store_id FROM series").fetchall() == [("S01",)]
        mine = connection.execute("SELECT * FROM retail_rights.planner_stores").fetchall()
        assert mine == [("planner", "S01")]
        # A view or a function of his own shows him no more.
        connection.execute("CREATE TEMP VIEW mine AS SELECT store_id FROM retail.series")
        assert connection.execute("SELECT DISTINCT store_id FROM mine").fetchall() == [("S01",)]
        connection.rollback()


def test_the_product_goes_on_loading(roles: dict[str, str]) -> None:
    """COPY is refused to whoever rights by store are for; the owner, which the product is, is not among them."""
    row = {"store_id": ["S03"], "product_id": ["P1"], "category": ["x"], "unit_cost": [1.0]}
    costs = {"holding_cost": [1.0], "shortage_cost": [1.0], "lead_time": [1]}
    with connect(roles["admin"]) as connection:
        merge_rows(connection, "series", pa.table(row | costs), ["store_id", "product_id"])
        replace_rows(connection, "series", pa.table(row | costs), {"store_id": "S03"})
        assert connection.execute("SELECT count(*) FROM series WHERE store_id = 'S03'").fetchone() == (1,)
        connection.rollback()
