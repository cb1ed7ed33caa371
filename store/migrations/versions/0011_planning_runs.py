"""Planning writes runs too, and a run says by which policy its pair plans, and why."""

from store.migrations import run_sql

revision = "0011"
down_revision = "0010"


SQL = """
CREATE TABLE planning_runs (
    planning_id text PRIMARY KEY,
    began timestamptz NOT NULL,
    ended timestamptz,
    status text NOT NULL,
    reasons text[] NOT NULL DEFAULT '{}',
    as_of date,
    lines integer,
    held integer,
    period_days smallint NOT NULL
);
COMMENT ON TABLE planning_runs IS 'One row a planning run, refused and failed ones too.';
COMMENT ON COLUMN planning_runs.planning_id IS 'Sorts by time; an orchestrator gives its own.';
COMMENT ON COLUMN planning_runs.began IS 'When.';
COMMENT ON COLUMN planning_runs.ended IS 'When; empty while it runs.';
COMMENT ON COLUMN planning_runs.status IS 'running, planned, refused_data or failed.';
COMMENT ON COLUMN planning_runs.reasons IS 'Why it was refused or failed.';
COMMENT ON COLUMN planning_runs.as_of IS 'Last date of the rows, which is the plan''s; empty where they were not read to the end.';
COMMENT ON COLUMN planning_runs.lines IS 'Order lines of the plan; empty where there is none.';
COMMENT ON COLUMN planning_runs.held IS 'Those of them that are held back as out of proportion.';
COMMENT ON COLUMN planning_runs.period_days IS '1: daily, 7: weekly.';

CREATE TABLE planning_checks (
    planning_id text NOT NULL REFERENCES planning_runs ON DELETE CASCADE,
    gate text NOT NULL,
    number integer NOT NULL,
    check_name text NOT NULL,
    subject text NOT NULL,
    value double precision,
    threshold double precision,
    margin double precision,
    verdict text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (planning_id, gate, number)
);
COMMENT ON TABLE planning_checks IS 'Every check of the data before a plan, passed ones too.';
COMMENT ON COLUMN planning_checks.planning_id IS 'The planning run.';
COMMENT ON COLUMN planning_checks.gate IS 'data: the data gate, which an orchestrator asks first; newest_rows: what plan itself looks at.';
COMMENT ON COLUMN planning_checks.number IS 'Place among the checks of the gate.';
COMMENT ON COLUMN planning_checks.check_name IS 'What was looked at.';
COMMENT ON COLUMN planning_checks.subject IS 'The feature.';
COMMENT ON COLUMN planning_checks.value IS 'What was found; empty where the check has no figure.';
COMMENT ON COLUMN planning_checks.threshold IS 'What it was held against.';
COMMENT ON COLUMN planning_checks.margin IS 'Room to the threshold; negative where it was crossed.';
COMMENT ON COLUMN planning_checks.verdict IS 'pass, warn, stop or waived; a stop that a person accepted is a stop, and the plan was made.';
COMMENT ON COLUMN planning_checks.reason IS 'In words.';

ALTER TABLE runs
    ADD COLUMN planning_reason text,
    ADD COLUMN against_base_stock double precision[],
    ADD COLUMN test_periods smallint,
    ADD COLUMN eval_periods smallint;
COMMENT ON COLUMN runs.planning_reason IS 'By which policy the pair plans, and why; empty where the run ended before that was decided.';
COMMENT ON COLUMN runs.against_base_stock IS 'What the chosen policy costs against base stock over the eval and the test period, as a fraction: the estimate, and the ends of its interval.';
COMMENT ON COLUMN runs.test_periods IS 'Periods at the end of the rows that the models were judged on.';
COMMENT ON COLUMN runs.eval_periods IS 'Periods before these, over which the policy was chosen.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
