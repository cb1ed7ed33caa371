"""Units that expire: of an order line, and in what policies cost."""

from store.migrations import run_sql

revision = "0010"
down_revision = "0009"


SQL = """
ALTER TABLE order_lines ADD COLUMN expected_waste double precision;
ALTER TABLE policy_costs ADD COLUMN waste_cost double precision, ADD COLUMN units_wasted double precision;
COMMENT ON COLUMN order_lines.lead_time_stockout_probability IS 'Probability, by the demand forecast, of running out before the order arrives; no order placed now prevents that. This and the seven figures below are empty where the line is not planned by the pair''s policy.';
COMMENT ON COLUMN order_lines.expected_cost IS 'Holding and shortage cost between the two arrivals, and cost of the units that expire, as expected; money. A presentation stock costs nothing where it lies, and what is bought of it counts as lost.';
COMMENT ON COLUMN order_lines.expected_waste IS 'Units of the order that expire unsold, as expected, be it after the next one has arrived; 0 where they keep for good.';
COMMENT ON COLUMN policy_costs.waste_cost IS 'Money, of the units that expired.';
COMMENT ON COLUMN policy_costs.units_wasted IS 'Units that expired.';
COMMENT ON COLUMN policy_costs.total_cost IS 'Money over the test period: holding, shortage and waste.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
