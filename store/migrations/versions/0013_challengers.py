"""Plans of challengers, which nothing is ordered from, and what both pairs' orders cost."""

from store.migrations import run_sql

revision = "0013"
down_revision = "0012"


SQL = """
ALTER TABLE model_versions ADD COLUMN tried boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN model_versions.tried IS 'Whether it was pushed to be tried beside the pair that served, as a canary or a challenger; it serves once a plan is of it.';

CREATE TABLE challenger_plans (
    as_of date PRIMARY KEY REFERENCES plans ON DELETE CASCADE,
    made_at timestamptz NOT NULL,
    champion bigint NOT NULL,
    challenger bigint NOT NULL
);
COMMENT ON TABLE challenger_plans IS 'One row a date that a challenger was planned with beside the pair that served. Nothing is ordered from these plans.';
COMMENT ON COLUMN challenger_plans.made_at IS 'When the plan was made that it stands beside: plans.made_at. Where that is another one, the date was planned again without it, and it counts no more.';
COMMENT ON COLUMN challenger_plans.champion IS 'Version of the pair that served, and whose plan is in plans.';
COMMENT ON COLUMN challenger_plans.challenger IS 'Version of the pair of this plan.';

CREATE TABLE challenger_lines (
    as_of date NOT NULL REFERENCES challenger_plans ON DELETE CASCADE,
    store_id text NOT NULL,
    product_id text NOT NULL,
    method text NOT NULL,
    replenishment_quantity double precision NOT NULL,
    shelf double precision NOT NULL,
    champion_order double precision NOT NULL,
    challenger_order double precision NOT NULL,
    lead_time smallint NOT NULL,
    review_period smallint NOT NULL,
    holding_cost double precision NOT NULL,
    shortage_cost double precision NOT NULL,
    waste_cost double precision NOT NULL,
    presentation_stock double precision NOT NULL,
    shelf_life smallint,
    mean real[] NOT NULL,
    middle real[] NOT NULL,
    PRIMARY KEY (as_of, store_id, product_id)
);
COMMENT ON TABLE challenger_lines IS 'The challenger''s line of each series that both pairs forecast, for the stock on record; and what both order from one shelf, by which they are compared.';
COMMENT ON COLUMN challenger_lines.method IS 'As of order_lines.';
COMMENT ON COLUMN challenger_lines.replenishment_quantity IS 'Units that the challenger would order, with the stock and the open orders that order_lines has of this date. Never ordered.';
COMMENT ON COLUMN challenger_lines.shelf IS 'Units from which both are compared: what is usually sold until an order arrives, with nothing on its way. The stock on record has the errors of the champion''s earlier orders in it, and would be no fair place to begin.';
COMMENT ON COLUMN challenger_lines.champion_order IS 'Units that the pair that served orders from this shelf.';
COMMENT ON COLUMN challenger_lines.challenger_order IS 'Units that the challenger orders from it.';
COMMENT ON COLUMN challenger_lines.lead_time IS 'Periods.';
COMMENT ON COLUMN challenger_lines.review_period IS 'Periods until the next order.';
COMMENT ON COLUMN challenger_lines.holding_cost IS 'Money a unit and period.';
COMMENT ON COLUMN challenger_lines.shortage_cost IS 'Money a unit not served.';
COMMENT ON COLUMN challenger_lines.waste_cost IS 'Money a unit that expires.';
COMMENT ON COLUMN challenger_lines.presentation_stock IS 'Units that are to lie there for looks.';
COMMENT ON COLUMN challenger_lines.shelf_life IS 'Periods; empty: it keeps for good.';
COMMENT ON COLUMN challenger_lines.mean IS 'The challenger''s mean forecast of the coming periods, units.';
COMMENT ON COLUMN challenger_lines.middle IS 'Its middle forecast, likewise.';

CREATE TABLE challenger_scores (
    as_of date NOT NULL,
    store_id text NOT NULL,
    product_id text NOT NULL,
    observed integer NOT NULL,
    units double precision NOT NULL,
    champion_forecast double precision NOT NULL,
    champion_error double precision NOT NULL,
    challenger_forecast double precision NOT NULL,
    challenger_error double precision NOT NULL,
    demand double precision[] NOT NULL,
    champion_cost double precision NOT NULL,
    challenger_cost double precision NOT NULL,
    PRIMARY KEY (as_of, store_id, product_id),
    FOREIGN KEY (as_of, store_id, product_id) REFERENCES challenger_lines ON DELETE CASCADE
);
COMMENT ON TABLE challenger_scores IS 'Both pairs against what came, once every period of the protection interval is known or closed.';
COMMENT ON COLUMN challenger_scores.observed IS 'Periods of the interval with known sales that were fully stocked; the five columns that follow are sums over these.';
COMMENT ON COLUMN challenger_scores.units IS 'Units sold.';
COMMENT ON COLUMN challenger_scores.champion_forecast IS 'Middle forecast of the pair that served, units.';
COMMENT ON COLUMN challenger_scores.champion_error IS 'Absolute error of it, units.';
COMMENT ON COLUMN challenger_scores.challenger_forecast IS 'Middle forecast of the challenger, units.';
COMMENT ON COLUMN challenger_scores.challenger_error IS 'Absolute error of it, units.';
COMMENT ON COLUMN challenger_scores.demand IS 'Units asked for in each period of the interval; what was lost out of stock is estimated by the mean of both forecasts.';
COMMENT ON COLUMN challenger_scores.champion_cost IS 'Money: holding, shortage and waste of challenger_lines.champion_order between its arrival and the next one''s, along the demand that came.';
COMMENT ON COLUMN challenger_scores.challenger_cost IS 'The same of challenger_lines.challenger_order.';
"""


def upgrade() -> None:
    """Called by Alembic."""
    run_sql(SQL)
