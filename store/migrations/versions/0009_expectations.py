"""What an order line is expected to come to."""

from store.migrations import run_sql

revision = "0009"
down_revision = "0008"


SQL = """
ALTER TABLE order_lines
    ADD COLUMN lead_time_stockout_probability double precision,
    ADD COLUMN stockout_probability double precision,
    ADD COLUMN expected_lost_sales double precision,
    ADD COLUMN expected_leftover double precision,
    ADD COLUMN expected_cost double precision,
    ADD COLUMN cost_one_pack_more double precision,
    ADD COLUMN cost_one_pack_less double precision;
COMMENT ON COLUMN order_lines.lead_time_stockout_probability IS 'Probability, by the demand forecast, of running out before the order arrives; no order placed now prevents that. This and the six figures below are empty where the line is not planned by the pair''s policy.';
COMMENT ON COLUMN order_lines.stockout_probability IS 'Probability of running out between the arrival of the order and that of the next one, with the override where there is one, else with the proposal, even if it is held.';
COMMENT ON COLUMN order_lines.expected_lost_sales IS 'Units that are asked for and not served between the two arrivals, as expected.';
COMMENT ON COLUMN order_lines.expected_leftover IS 'Units left when the next order arrives, as expected.';
COMMENT ON COLUMN order_lines.expected_cost IS 'Holding and shortage cost between the two arrivals, as expected; money.';
COMMENT ON COLUMN order_lines.cost_one_pack_more IS 'The same with one pack more, or with the smallest order where nothing is ordered; empty where the maximum does not allow it.';
COMMENT ON COLUMN order_lines.cost_one_pack_less IS 'The same with one pack less, or without an order where that is below the minimum; empty where nothing is ordered.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
