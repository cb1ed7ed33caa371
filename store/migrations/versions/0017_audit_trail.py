"""Who changed what is ordered, what serves and what is let pass: when, why, and by which hand."""

from store.migrations import run_sql

revision = "0017"
down_revision = "0016"


SQL = """
CREATE TABLE audit_events (
    event bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    acted_at timestamptz NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    acted_by text NOT NULL,
    reason text NOT NULL,
    occasion text NOT NULL,
    once text UNIQUE,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    recorded_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE audit_events IS 'Acts that no other table keeps for good, one row each; never changed, never deleted. audit_trail has all acts.';
COMMENT ON COLUMN audit_events.event IS 'Its number, rising.';
COMMENT ON COLUMN audit_events.acted_at IS 'When it was done.';
COMMENT ON COLUMN audit_events.action IS 'What was done: override and take_back_override (a quantity of an order), accept (an order or a check that was held back), waive (a check of the data gate), re_baseline (a run is judged without the pair that serves), accept_schema, restore; of the serving directory as in its history: push, promote, rollback, withdraw, take, serve-config.';
COMMENT ON COLUMN audit_events.subject IS 'To what: STORE:PRODUCT of an order line, a check, a pair, a feature, a workspace.';
COMMENT ON COLUMN audit_events.detail IS 'What is different for it.';
COMMENT ON COLUMN audit_events.acted_by IS 'Who: the account on the machine, or who signed the override or the waiver; a command where no person did.';
COMMENT ON COLUMN audit_events.reason IS 'Why, as they said; empty where they said nothing.';
COMMENT ON COLUMN audit_events.occasion IS 'At which plan, run or change of the serving directory.';
COMMENT ON COLUMN audit_events.once IS 'Digest of what may be told twice and is written down once; empty where each telling is an act.';
COMMENT ON COLUMN audit_events.recorded_at IS 'When it was written down: later than acted_at where the database could not be reached.';
COMMENT ON COLUMN audit_events.recorded_by IS 'The role of this database that wrote it.';
CREATE INDEX audit_events_acted_at ON audit_events (acted_at);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE VIEW audit_trail AS
SELECT acted_at, action, subject, detail, acted_by, reason, occasion, recorded_at, recorded_by, event
FROM audit_events
UNION ALL
SELECT decided_at, 'order_training', coalesce('pair ' || pair, 'no pair'), '', ordered_by, said,
       'retraining decision ' || decision, decided_at, NULL, NULL
FROM retraining_decisions
WHERE ordered_by IS NOT NULL;
COMMENT ON VIEW audit_trail IS 'Who did what, when and why: audit_events, and the trainings that somebody ordered (retraining_decisions).';
COMMENT ON COLUMN audit_trail.acted_at IS 'When it was done.';
COMMENT ON COLUMN audit_trail.action IS 'As of audit_events; order_training.';
COMMENT ON COLUMN audit_trail.subject IS 'To what.';
COMMENT ON COLUMN audit_trail.detail IS 'What is different for it.';
COMMENT ON COLUMN audit_trail.acted_by IS 'Who.';
COMMENT ON COLUMN audit_trail.reason IS 'Why.';
COMMENT ON COLUMN audit_trail.occasion IS 'At which plan, run, decision or change of the serving directory.';
COMMENT ON COLUMN audit_trail.recorded_at IS 'When it was written down.';
COMMENT ON COLUMN audit_trail.recorded_by IS 'The role of this database that wrote it; not kept of orders of trainings.';
COMMENT ON COLUMN audit_trail.event IS 'Number in audit_events; of two acts of one second it tells which was first.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
