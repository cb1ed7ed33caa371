"""Which dates of the actuals need not be compared again."""

from store.migrations import run_sql

revision = "0002"
down_revision = "0001"


SQL = """
CREATE TABLE actuals_digests (
    date date PRIMARY KEY,
    digest bytea NOT NULL
);
COMMENT ON TABLE actuals_digests IS 'Dates whose rows in actuals are still those that the files held when they were read last.';
COMMENT ON COLUMN actuals_digests.digest IS 'Hash of the rows as read, so that the same rows need not be compared again.';

CREATE FUNCTION forget_actuals_digests() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM actuals_digests WHERE date IN (SELECT date FROM changed);
    RETURN NULL;
END $$;

CREATE FUNCTION forget_all_actuals_digests() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM actuals_digests;
    RETURN NULL;
END $$;

CREATE TRIGGER forget_inserted AFTER INSERT ON actuals
    REFERENCING NEW TABLE AS changed EXECUTE FUNCTION forget_actuals_digests();
CREATE TRIGGER forget_updated AFTER UPDATE ON actuals
    REFERENCING OLD TABLE AS changed EXECUTE FUNCTION forget_actuals_digests();
CREATE TRIGGER forget_updated_to AFTER UPDATE ON actuals
    REFERENCING NEW TABLE AS changed EXECUTE FUNCTION forget_actuals_digests();
CREATE TRIGGER forget_deleted AFTER DELETE ON actuals
    REFERENCING OLD TABLE AS changed EXECUTE FUNCTION forget_actuals_digests();
CREATE TRIGGER forget_truncated AFTER TRUNCATE ON actuals
    EXECUTE FUNCTION forget_all_actuals_digests();
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
