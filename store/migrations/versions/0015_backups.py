"""Which back-ups were taken."""

from store.migrations import run_sql

revision = "0015"
down_revision = "0014"


SQL = """
CREATE TABLE backups (
    made_at timestamptz PRIMARY KEY,
    seconds double precision NOT NULL,
    bytes bigint NOT NULL,
    encrypted boolean NOT NULL,
    verified boolean NOT NULL
);
COMMENT ON TABLE backups IS 'Back-ups of the workspace and of this database, one row each.';
COMMENT ON COLUMN backups.made_at IS 'The moment that it is of; all that came later is not in it.';
COMMENT ON COLUMN backups.seconds IS 'How long it took.';
COMMENT ON COLUMN backups.bytes IS 'Size of its file.';
COMMENT ON COLUMN backups.encrypted IS 'Whether only some can read it.';
COMMENT ON COLUMN backups.verified IS 'Whether it was restored into a place of its own afterwards, and was equal.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
