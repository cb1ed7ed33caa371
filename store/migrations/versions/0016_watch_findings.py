"""What the demand watch has found."""

from store.migrations import run_sql

revision = "0016"
down_revision = "0015"


SQL = """
CREATE TABLE watch_findings (
    finding bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    found_at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    level text NOT NULL,
    store_id text NOT NULL,
    product_id text NOT NULL,
    category text NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    expected double precision NOT NULL,
    seen double precision NOT NULL,
    p_value double precision NOT NULL,
    reason text NOT NULL,
    advice text NOT NULL,
    pair bigint NOT NULL,
    as_of date NOT NULL
);
COMMENT ON TABLE watch_findings IS 'What the demand watch has found in new sales, each matter once, when it was first seen; never changed, never deleted.';
COMMENT ON COLUMN watch_findings.finding IS 'Its number, rising.';
COMMENT ON COLUMN watch_findings.found_at IS 'When it was found.';
COMMENT ON COLUMN watch_findings.kind IS 'frozen_feed, phantom_stock, missed_promotion, fading, level_shift_down, level_shift_up or spike.';
COMMENT ON COLUMN watch_findings.level IS 'Of what: series, product, store or category; the ids that this has not are empty.';
COMMENT ON COLUMN watch_findings.store_id IS 'The store.';
COMMENT ON COLUMN watch_findings.product_id IS 'The product.';
COMMENT ON COLUMN watch_findings.category IS 'The category.';
COMMENT ON COLUMN watch_findings.since IS 'Its first period.';
COMMENT ON COLUMN watch_findings.until IS 'Its last period when it was found; it may have gone on.';
COMMENT ON COLUMN watch_findings.expected IS 'Demand that was expected of its known periods, units.';
COMMENT ON COLUMN watch_findings.seen IS 'Sales of the same, units.';
COMMENT ON COLUMN watch_findings.p_value IS 'How likely as much is where nothing has happened, before the correction for how many were looked at.';
COMMENT ON COLUMN watch_findings.reason IS 'What most likely is behind it.';
COMMENT ON COLUMN watch_findings.advice IS 'What to do.';
COMMENT ON COLUMN watch_findings.pair IS 'Version of the pair whose watch found it.';
COMMENT ON COLUMN watch_findings.as_of IS 'Last period that was looked at.';
CREATE INDEX watch_findings_what ON watch_findings (kind, level, store_id, product_id, category);
CREATE INDEX watch_findings_found_at ON watch_findings (found_at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON watch_findings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
