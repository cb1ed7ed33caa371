"""By which of the simulated policies a pair plans."""

from store.migrations import run_sql

revision = "0008"
down_revision = "0007"


SQL = """
ALTER TABLE policy_costs ADD COLUMN plans boolean;
UPDATE policy_costs SET plans = policy = 'model';
ALTER TABLE policy_costs ALTER COLUMN plans SET NOT NULL;
COMMENT ON COLUMN policy_costs.plans IS 'Whether the pair of the run plans by it.';
COMMENT ON COLUMN order_lines.method IS 'The policy by which the pair plans (forecast_plan, model or base_stock), or the fallback: base_stock, none.';
COMMENT ON COLUMN order_lines.model_version IS 'Version of the pair; empty where no model was asked.';
COMMENT ON COLUMN order_lines.expected_demand IS 'Units expected over the protection interval; by the forecast plan those that the stock and the order are for: what is sold until it arrives, and asked for from then on.';
COMMENT ON COLUMN order_lines.safety_stock IS 'Units held on top; negative where stock is dearer than a lost sale.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
