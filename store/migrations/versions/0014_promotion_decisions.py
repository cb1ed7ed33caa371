"""What was decided of challengers, and why."""

from store.migrations import run_sql

revision = "0014"
down_revision = "0013"


SQL = """
CREATE TABLE promotion_decisions (
    decision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decided_at timestamptz NOT NULL,
    action text NOT NULL,
    said text NOT NULL,
    champion bigint NOT NULL,
    challenger bigint NOT NULL,
    newest_date date,
    ordered_by text,
    planning_id text UNIQUE
);
COMMENT ON TABLE promotion_decisions IS 'What was decided of a challenger, one row each time it was asked; never changed, never deleted.';
COMMENT ON COLUMN promotion_decisions.decision IS 'Its number, rising.';
COMMENT ON COLUMN promotion_decisions.decided_at IS 'When.';
COMMENT ON COLUMN promotion_decisions.action IS 'promote: it serves from then on; withdraw: it is tried no longer; wait: it goes on being scored.';
COMMENT ON COLUMN promotion_decisions.said IS 'Why, in a sentence.';
COMMENT ON COLUMN promotion_decisions.champion IS 'Version of the pair that served.';
COMMENT ON COLUMN promotion_decisions.challenger IS 'Version of the pair that was decided upon.';
COMMENT ON COLUMN promotion_decisions.newest_date IS 'Last date with sales that was known.';
COMMENT ON COLUMN promotion_decisions.ordered_by IS 'Who ordered it, whatever the figures said; empty where nobody did.';
COMMENT ON COLUMN promotion_decisions.planning_id IS 'The planning run that asked; asked again, it gets the same answer. Empty where a person or a timer asked.';
CREATE INDEX promotion_decisions_decided_at ON promotion_decisions (decided_at);

CREATE TABLE promotion_findings (
    decision bigint NOT NULL REFERENCES promotion_decisions,
    number smallint NOT NULL,
    name text NOT NULL,
    value double precision,
    bound double precision,
    crossed boolean NOT NULL,
    said text NOT NULL,
    PRIMARY KEY (decision, number)
);
COMMENT ON TABLE promotion_findings IS 'What each decision was made from, figure by figure; never changed, never deleted.';
COMMENT ON COLUMN promotion_findings.decision IS 'Of which.';
COMMENT ON COLUMN promotion_findings.number IS 'Place among its findings.';
COMMENT ON COLUMN promotion_findings.name IS 'What was weighed, such as cheaper, undecided, scored, accuracy.';
COMMENT ON COLUMN promotion_findings.value IS 'What was found; empty where nothing is known of it.';
COMMENT ON COLUMN promotion_findings.bound IS 'From where on it counts; of accuracy and bias the champion''s figure.';
COMMENT ON COLUMN promotion_findings.crossed IS 'Whether it decided; of scored: that it held a decision back.';
COMMENT ON COLUMN promotion_findings.said IS 'In words.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON promotion_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON promotion_findings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
