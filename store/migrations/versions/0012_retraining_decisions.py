"""Whether a training was due, and why; and of a training run, why it ran."""

from store.migrations import run_sql

revision = "0012"
down_revision = "0011"


SQL = """
CREATE TABLE retraining_decisions (
    decision bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decided_at timestamptz NOT NULL,
    due boolean NOT NULL,
    said text NOT NULL,
    pair bigint,
    newest_date date,
    ordered_by text,
    planning_id text UNIQUE
);
COMMENT ON TABLE retraining_decisions IS 'Whether a training was due, one row each time it was asked; never changed, never deleted.';
COMMENT ON COLUMN retraining_decisions.decision IS 'Its number, rising.';
COMMENT ON COLUMN retraining_decisions.decided_at IS 'When.';
COMMENT ON COLUMN retraining_decisions.due IS 'Whether to train.';
COMMENT ON COLUMN retraining_decisions.said IS 'Why, or why not, in a sentence.';
COMMENT ON COLUMN retraining_decisions.pair IS 'Version of the pair that served; empty where none did.';
COMMENT ON COLUMN retraining_decisions.newest_date IS 'Last date with sales that was known.';
COMMENT ON COLUMN retraining_decisions.ordered_by IS 'Who ordered the training, whatever the guards said; empty where nobody did.';
COMMENT ON COLUMN retraining_decisions.planning_id IS 'The planning run that asked; asked again, it gets the same answer. Empty where a person or a timer asked.';
CREATE INDEX retraining_decisions_decided_at ON retraining_decisions (decided_at);

CREATE TABLE retraining_findings (
    decision bigint NOT NULL REFERENCES retraining_decisions,
    number smallint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    value double precision,
    bound double precision,
    crossed boolean NOT NULL,
    said text NOT NULL,
    PRIMARY KEY (decision, number)
);
COMMENT ON TABLE retraining_findings IS 'What each decision was made from, figure by figure; never changed, never deleted.';
COMMENT ON COLUMN retraining_findings.decision IS 'Of which.';
COMMENT ON COLUMN retraining_findings.number IS 'Place among its findings.';
COMMENT ON COLUMN retraining_findings.kind IS 'reason: may ask for a training; guard: may hold one back.';
COMMENT ON COLUMN retraining_findings.name IS 'What was weighed, such as accuracy, drift, age, cool_down.';
COMMENT ON COLUMN retraining_findings.value IS 'What was found; empty where nothing is known of it.';
COMMENT ON COLUMN retraining_findings.bound IS 'From where on it counts.';
COMMENT ON COLUMN retraining_findings.crossed IS 'Whether it asked for the training, or held it back.';
COMMENT ON COLUMN retraining_findings.said IS 'In words.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retraining_decisions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON retraining_findings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE runs ADD COLUMN because text NOT NULL DEFAULT '';
COMMENT ON COLUMN runs.because IS 'Why it ran, as whoever started it said; empty where nobody did.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
