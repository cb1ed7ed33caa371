"""Stores that a challenger orders for."""

from store.migrations import run_sql

revision = "0018"
down_revision = "0017"


SQL = """
ALTER TABLE order_lines ADD COLUMN pair_version bigint;
COMMENT ON COLUMN order_lines.pair_version IS 'Version of the pair that orders for this store, be it by its policy or not; of a challenger''s stores its own. Empty, and no column of the files, where promotion.canary_stores is 0.';

ALTER TABLE challenger_lines ADD COLUMN canary boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN challenger_lines.canary IS 'Whether the challenger orders for this store: its line is the one in order_lines.';
COMMENT ON COLUMN challenger_lines.replenishment_quantity IS 'Units that the challenger would order, with the stock and the open orders that order_lines has of this date. Where canary is true it is the proposal of order_lines, else never ordered.';
COMMENT ON TABLE challenger_plans IS 'One row a date that a challenger was planned with beside the pair that served. Nothing is ordered from these plans but what challenger_lines.canary says.';
COMMENT ON COLUMN challenger_plans.champion IS 'Version of the pair that served, and whose forecasts are in forecasts.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
