"""Files of new sales and stock that are in a plan."""

from store.migrations import run_sql

revision = "0019"
down_revision = "0018"


SQL = """
CREATE TABLE plan_changes (
    as_of date NOT NULL REFERENCES plans ON DELETE CASCADE,
    file text NOT NULL,
    digest text NOT NULL,
    kind text NOT NULL,
    rows bigint NOT NULL,
    plan_made_at timestamptz NOT NULL,
    planning_id text NOT NULL,
    PRIMARY KEY (as_of, file)
);
COMMENT ON TABLE plan_changes IS 'Files of new sales and stock that plan --changed has taken into the plan of a date. Rows whose plan_made_at is not made_at of plans are of a plan that was made anew without them.';
COMMENT ON COLUMN plan_changes.as_of IS 'Date of the plan.';
COMMENT ON COLUMN plan_changes.file IS 'Name of the file, by which files are in order.';
COMMENT ON COLUMN plan_changes.digest IS 'Hash of its content.';
COMMENT ON COLUMN plan_changes.kind IS 'sales_data or inventory_levels.';
COMMENT ON COLUMN plan_changes.rows IS 'Rows of the file.';
COMMENT ON COLUMN plan_changes.plan_made_at IS 'When the plan was made that it is in, as plans.made_at.';
COMMENT ON COLUMN plan_changes.planning_id IS 'The planning run that made that plan, as in planning_runs.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
