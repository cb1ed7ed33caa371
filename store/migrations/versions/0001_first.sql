CREATE TABLE runs (
    run_id text PRIMARY KEY,
    began timestamptz NOT NULL,
    ended timestamptz,
    status text NOT NULL,
    reasons text[] NOT NULL DEFAULT '{}',
    rows bigint,
    series bigint,
    first_date date,
    last_date date,
    span integer,
    rejected_rows bigint,
    period_days smallint NOT NULL
);
COMMENT ON TABLE runs IS 'One row a training run, refused and failed ones too.';
COMMENT ON COLUMN runs.last_date IS 'Last date of the rows.';
COMMENT ON COLUMN runs.first_date IS 'First date of the rows.';
COMMENT ON COLUMN runs.series IS 'Stores and products with rows.';
COMMENT ON COLUMN runs.ended IS 'When; empty while it runs.';
COMMENT ON COLUMN runs.began IS 'When.';
COMMENT ON COLUMN runs.run_id IS 'Sorts by time; names the folders of reports and logs.';
COMMENT ON COLUMN runs.status IS 'running, pushed, refused_data, refused_model or failed.';
COMMENT ON COLUMN runs.reasons IS 'Why the run was refused or failed.';
COMMENT ON COLUMN runs.rows IS 'Rows (store, product and date) that were read.';
COMMENT ON COLUMN runs.span IS 'Number of the batch in its workspace.';
COMMENT ON COLUMN runs.rejected_rows IS 'Rows set aside by the quarantine.';
COMMENT ON COLUMN runs.period_days IS '1: daily, 7: weekly.';

CREATE TABLE run_components (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    position smallint NOT NULL,
    node text NOT NULL,
    state text NOT NULL,
    seconds double precision NOT NULL,
    peak_mib integer NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (run_id, node)
);
COMMENT ON TABLE run_components IS 'How each node of the pipeline ended.';
COMMENT ON COLUMN run_components.reason IS 'Why it was refused, failed or skipped.';
COMMENT ON COLUMN run_components.node IS 'Name of the component.';
COMMENT ON COLUMN run_components.position IS 'Place in the pipeline, from 0.';
COMMENT ON COLUMN run_components.state IS 'ran, cached, refused, failed or skipped.';
COMMENT ON COLUMN run_components.seconds IS 'Wall time.';
COMMENT ON COLUMN run_components.peak_mib IS 'Largest resident memory of its process, MiB.';

CREATE TABLE gate_checks (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    number integer NOT NULL,
    gate text NOT NULL,
    check_name text NOT NULL,
    subject text NOT NULL,
    slice text NOT NULL,
    value double precision,
    threshold double precision,
    margin double precision,
    verdict text NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (run_id, number)
);
COMMENT ON TABLE gate_checks IS 'Every check of both gates, passed ones too.';
COMMENT ON COLUMN gate_checks.reason IS 'In words.';
COMMENT ON COLUMN gate_checks.threshold IS 'What it was held against.';
COMMENT ON COLUMN gate_checks.value IS 'What was found; empty where the check has no figure.';
COMMENT ON COLUMN gate_checks.check_name IS 'What was looked at.';
COMMENT ON COLUMN gate_checks.number IS 'Place among the checks of the run.';
COMMENT ON COLUMN gate_checks.gate IS 'data or model.';
COMMENT ON COLUMN gate_checks.subject IS 'The feature, or the model.';
COMMENT ON COLUMN gate_checks.slice IS 'Part of the test split that was judged, such as store_id=S01; all.';
COMMENT ON COLUMN gate_checks.margin IS 'Room to the threshold; negative where it was crossed.';
COMMENT ON COLUMN gate_checks.verdict IS 'pass, warn, stop or waived.';

CREATE TABLE model_versions (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    model text NOT NULL,
    blessed boolean NOT NULL,
    version bigint,
    pushed_at timestamptz,
    pair text NOT NULL,
    model_hash text NOT NULL,
    transform_graph_hash text NOT NULL,
    schema_hash text NOT NULL,
    data_fingerprint text NOT NULL,
    span integer NOT NULL,
    first_date date NOT NULL,
    last_date date NOT NULL,
    PRIMARY KEY (run_id, model)
);
COMMENT ON TABLE model_versions IS 'The two models of each run, and what they were made from.';
COMMENT ON COLUMN model_versions.last_date IS 'Last date of the rows it was made from, test periods included.';
COMMENT ON COLUMN model_versions.first_date IS 'First date that it learned from.';
COMMENT ON COLUMN model_versions.schema_hash IS 'Of the schema, likewise.';
COMMENT ON COLUMN model_versions.transform_graph_hash IS 'Of the transform graph, likewise.';
COMMENT ON COLUMN model_versions.blessed IS 'Whether the model gate let the pair through.';
COMMENT ON COLUMN model_versions.model IS 'demand_forecasting or replenishment_optimization.';
COMMENT ON COLUMN model_versions.version IS 'Folder in the serving directory; empty where it was refused.';
COMMENT ON COLUMN model_versions.pushed_at IS 'When that version was pushed, be it by an earlier run that trained the same model.';
COMMENT ON COLUMN model_versions.pair IS 'The same for the two models that belong together.';
COMMENT ON COLUMN model_versions.model_hash IS 'First 16 hexadecimal digits of the SHA-256 of the saved graph.';
COMMENT ON COLUMN model_versions.data_fingerprint IS 'Content of the newest span of rows.';
COMMENT ON COLUMN model_versions.span IS 'Newest span of rows that it learned from.';

CREATE TABLE metrics (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    model text NOT NULL,
    source text NOT NULL,
    slice text NOT NULL,
    metric text NOT NULL,
    value double precision,
    PRIMARY KEY (run_id, model, source, slice, metric)
);
COMMENT ON TABLE metrics IS 'Figures of TFMA over the test split, a row each.';
COMMENT ON COLUMN metrics.value IS 'Empty where it is not defined.';
COMMENT ON COLUMN metrics.model IS 'demand_forecasting or replenishment_optimization.';
COMMENT ON COLUMN metrics.source IS 'candidate, incumbent, or the plain method that it is compared with.';
COMMENT ON COLUMN metrics.slice IS 'Part of the test split, such as category=dairy; all.';
COMMENT ON COLUMN metrics.metric IS 'Name, such as wape; ratios are fractions.';

CREATE TABLE calibration (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    level double precision NOT NULL,
    below double precision NOT NULL,
    at_most double precision NOT NULL,
    PRIMARY KEY (run_id, level)
);
COMMENT ON TABLE calibration IS 'Observed coverage of each demand quantile over the test split.';
COMMENT ON COLUMN calibration.level IS 'Of the quantile.';
COMMENT ON COLUMN calibration.below IS 'Share of demand below the quantile.';
COMMENT ON COLUMN calibration.at_most IS 'Share of demand below or at it.';

CREATE TABLE data_statistics (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    feature text NOT NULL,
    rows bigint NOT NULL,
    missing double precision NOT NULL,
    low double precision,
    mean double precision,
    median double precision,
    high double precision,
    zeros double precision,
    distinct_values bigint,
    PRIMARY KEY (run_id, feature)
);
COMMENT ON TABLE data_statistics IS 'TFDV''s statistics of the rows of each run.';
COMMENT ON COLUMN data_statistics.high IS 'Largest value.';
COMMENT ON COLUMN data_statistics.median IS 'Of the values.';
COMMENT ON COLUMN data_statistics.mean IS 'Of the values.';
COMMENT ON COLUMN data_statistics.low IS 'Smallest value.';
COMMENT ON COLUMN data_statistics.rows IS 'How many.';
COMMENT ON COLUMN data_statistics.feature IS 'Column of the rows.';
COMMENT ON COLUMN data_statistics.missing IS 'Share of rows without a value.';
COMMENT ON COLUMN data_statistics.zeros IS 'Share of rows with the value 0.';
COMMENT ON COLUMN data_statistics.distinct_values IS 'Of a text.';

CREATE TABLE policy_costs (
    run_id text NOT NULL REFERENCES runs ON DELETE CASCADE,
    policy text NOT NULL,
    slice text NOT NULL,
    total_cost double precision,
    holding_cost double precision,
    shortage_cost double precision,
    fill_rate double precision,
    cycle_service_level double precision,
    average_stock_units double precision,
    average_stock_value double precision,
    stock_turns double precision,
    orders double precision,
    units_ordered double precision,
    units_demanded double precision,
    PRIMARY KEY (run_id, policy, slice)
);
COMMENT ON TABLE policy_costs IS 'What each policy cost and served in closed loop over the test period.';
COMMENT ON COLUMN policy_costs.units_demanded IS 'Units.';
COMMENT ON COLUMN policy_costs.units_ordered IS 'Units.';
COMMENT ON COLUMN policy_costs.orders IS 'Number of orders.';
COMMENT ON COLUMN policy_costs.average_stock_units IS 'Units at the end of a period.';
COMMENT ON COLUMN policy_costs.cycle_service_level IS 'Share of order cycles without a shortage.';
COMMENT ON COLUMN policy_costs.fill_rate IS 'Units served at once over units asked for.';
COMMENT ON COLUMN policy_costs.shortage_cost IS 'Money.';
COMMENT ON COLUMN policy_costs.holding_cost IS 'Money.';
COMMENT ON COLUMN policy_costs.policy IS 'Its name; clairvoyant is a lower bound and no policy.';
COMMENT ON COLUMN policy_costs.slice IS 'A store or category, such as store_id=S01; all.';
COMMENT ON COLUMN policy_costs.total_cost IS 'Money over the test period: holding and shortage.';
COMMENT ON COLUMN policy_costs.average_stock_value IS 'Money, of the products whose unit cost is known.';
COMMENT ON COLUMN policy_costs.stock_turns IS 'A year.';

CREATE TABLE series (
    store_id text NOT NULL,
    product_id text NOT NULL,
    category text NOT NULL,
    unit_cost double precision,
    holding_cost double precision NOT NULL,
    shortage_cost double precision NOT NULL,
    lead_time integer NOT NULL,
    PRIMARY KEY (store_id, product_id)
);
COMMENT ON TABLE series IS 'Every store and product that was planned or whose sales were read, as last seen.';
COMMENT ON COLUMN series.unit_cost IS 'Money a unit.';
COMMENT ON COLUMN series.category IS 'Of the product.';
COMMENT ON COLUMN series.lead_time IS 'Periods.';
COMMENT ON COLUMN series.holding_cost IS 'Money a unit and period.';
COMMENT ON COLUMN series.shortage_cost IS 'Money a unit not served.';

CREATE TABLE plans (
    as_of date PRIMARY KEY,
    made_at timestamptz NOT NULL,
    demand_version bigint NOT NULL,
    replenishment_version bigint NOT NULL,
    levels double precision[] NOT NULL,
    period_days smallint NOT NULL,
    review_period smallint NOT NULL,
    horizon smallint NOT NULL,
    season smallint NOT NULL
);
COMMENT ON TABLE plans IS 'One row a planned date; planning the date again replaces it.';
COMMENT ON COLUMN plans.demand_version IS 'Version of the demand model that forecast.';
COMMENT ON COLUMN plans.levels IS 'Levels of forecasts.quantiles, rising.';
COMMENT ON COLUMN plans.period_days IS '1: daily, 7: weekly.';
COMMENT ON COLUMN plans.review_period IS 'Periods until the next order.';
COMMENT ON COLUMN plans.horizon IS 'Periods that are forecast.';
COMMENT ON COLUMN plans.season IS 'Periods of a season, for the seasonal naive forecast that plans are held against.';
COMMENT ON COLUMN plans.made_at IS 'When.';
COMMENT ON COLUMN plans.replenishment_version IS 'Version of the replenishment model that set the levels.';

CREATE TABLE forecasts (
    as_of date NOT NULL REFERENCES plans ON DELETE CASCADE,
    store_id text NOT NULL,
    product_id text NOT NULL,
    date date NOT NULL,
    mean real NOT NULL,
    quantiles real[] NOT NULL,
    PRIMARY KEY (store_id, product_id, as_of, date)
);
CREATE INDEX forecasts_as_of ON forecasts (as_of, date);
COMMENT ON TABLE forecasts IS 'Demand forecast of each planned series and coming period.';
COMMENT ON COLUMN forecasts.as_of IS 'Last date that the forecast knew.';
COMMENT ON COLUMN forecasts.date IS 'The period that is forecast.';
COMMENT ON COLUMN forecasts.mean IS 'Units, mean of the distribution that the quantiles outline.';
COMMENT ON COLUMN forecasts.quantiles IS 'Units, at plans.levels.';

CREATE TABLE order_lines (
    as_of date NOT NULL REFERENCES plans ON DELETE CASCADE,
    store_id text NOT NULL,
    product_id text NOT NULL,
    expected_demand double precision NOT NULL,
    safety_stock double precision NOT NULL,
    on_hand double precision NOT NULL,
    on_order double precision NOT NULL,
    rounding_adjustment double precision NOT NULL,
    replenishment_quantity double precision NOT NULL,
    override_quantity double precision,
    override_reason text,
    override_by text,
    override_until date,
    order_quantity double precision NOT NULL,
    method text NOT NULL,
    reason text NOT NULL,
    model_version bigint,
    protection_interval integer NOT NULL,
    arrival date NOT NULL,
    PRIMARY KEY (as_of, store_id, product_id)
);
COMMENT ON TABLE order_lines IS 'What to order: expected_demand + safety_stock - on_hand - on_order + rounding_adjustment = replenishment_quantity.';
COMMENT ON COLUMN order_lines.override_until IS 'Last date of a plan that the override counts for; empty: for good.';
COMMENT ON COLUMN order_lines.override_by IS 'Who did.';
COMMENT ON COLUMN order_lines.override_reason IS 'Why a person did.';
COMMENT ON COLUMN order_lines.rounding_adjustment IS 'Units that packs, limits and never ordering less than nothing added or took away.';
COMMENT ON COLUMN order_lines.on_order IS 'Units on their way; where the files do not say, what earlier plans ordered and has not arrived.';
COMMENT ON COLUMN order_lines.on_hand IS 'Units in stock.';
COMMENT ON COLUMN order_lines.expected_demand IS 'Units expected over the protection interval.';
COMMENT ON COLUMN order_lines.safety_stock IS 'Units that the order-up-to level holds on top; negative where stock is dearer than a lost sale.';
COMMENT ON COLUMN order_lines.replenishment_quantity IS 'The proposal, in units: expected_demand + safety_stock - on_hand - on_order + rounding_adjustment.';
COMMENT ON COLUMN order_lines.override_quantity IS 'Units that a person put in the proposal''s place.';
COMMENT ON COLUMN order_lines.order_quantity IS 'Units to order: the override where there is one, else the proposal.';
COMMENT ON COLUMN order_lines.method IS 'model, or the fallback: base_stock, none.';
COMMENT ON COLUMN order_lines.reason IS 'How the quantity came about.';
COMMENT ON COLUMN order_lines.model_version IS 'Version of the replenishment model; empty for a fallback.';
COMMENT ON COLUMN order_lines.protection_interval IS 'Periods that the order has to last: lead time and review period.';
COMMENT ON COLUMN order_lines.arrival IS 'Period at whose start it is on the shelf.';

CREATE TABLE actuals (
    store_id text NOT NULL,
    product_id text NOT NULL,
    date date NOT NULL,
    units_sold real,
    in_stock real NOT NULL,
    on_hand real,
    on_order real,
    unit_price real,
    on_promotion boolean,
    PRIMARY KEY (store_id, product_id, date)
);
CREATE INDEX actuals_date ON actuals (date);
COMMENT ON TABLE actuals IS 'What happened, as the newest files tell it.';
COMMENT ON COLUMN actuals.on_promotion IS 'Whether.';
COMMENT ON COLUMN actuals.unit_price IS 'Money.';
COMMENT ON COLUMN actuals.on_order IS 'Units at the end of the period.';
COMMENT ON COLUMN actuals.units_sold IS 'Empty where nothing is known of the period.';
COMMENT ON COLUMN actuals.in_stock IS 'Share of the period with stock; below 1 sales are not demand.';
COMMENT ON COLUMN actuals.on_hand IS 'Units at the end of the period.';

CREATE TABLE occasions (
    store_id text NOT NULL,
    date date NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (store_id, date, name)
);
COMMENT ON TABLE occasions IS 'Holidays and events of the external factors, past and to come.';
COMMENT ON COLUMN occasions.name IS 'Of the holiday or event.';

CREATE TABLE realised (
    as_of date NOT NULL,
    store_id text NOT NULL,
    product_id text NOT NULL,
    periods integer NOT NULL,
    observed integer NOT NULL,
    units double precision NOT NULL,
    forecast double precision NOT NULL,
    absolute_error double precision NOT NULL,
    compared_units double precision NOT NULL,
    compared_error double precision NOT NULL,
    naive_error double precision NOT NULL,
    below integer NOT NULL,
    above integer NOT NULL,
    units_sold double precision NOT NULL,
    units_lost double precision NOT NULL,
    holding_cost double precision,
    shortage_cost double precision NOT NULL,
    PRIMARY KEY (as_of, store_id, product_id),
    FOREIGN KEY (as_of) REFERENCES plans ON DELETE CASCADE
);
COMMENT ON TABLE realised IS 'Each plan''s forecast of a series against what came, for the periods that are known by now.';
COMMENT ON COLUMN realised.periods IS 'Forecast periods with known sales.';
COMMENT ON COLUMN realised.observed IS 'Those of them that were fully stocked; the next columns, up to above, count these alone.';
COMMENT ON COLUMN realised.units IS 'Units sold.';
COMMENT ON COLUMN realised.forecast IS 'Units, middle of the forecast.';
COMMENT ON COLUMN realised.absolute_error IS 'Sum of |forecast - units|.';
COMMENT ON COLUMN realised.compared_units IS 'Units sold, where the sales one season before are known too.';
COMMENT ON COLUMN realised.compared_error IS 'absolute_error of those periods.';
COMMENT ON COLUMN realised.naive_error IS 'Error of the seasonal naive forecast on the same: the newest sales that the plan knew, whole seasons before.';
COMMENT ON COLUMN realised.below IS 'Periods with less than the lowest quantile, rounded to whole units.';
COMMENT ON COLUMN realised.above IS 'Periods with more than the highest quantile, rounded to whole units.';
COMMENT ON COLUMN realised.units_sold IS 'Of all known periods.';
COMMENT ON COLUMN realised.units_lost IS 'Estimate: mean forecast times the share of the period without stock.';
COMMENT ON COLUMN realised.holding_cost IS 'Money: stock left at the end of each period; empty where stock is not known.';
COMMENT ON COLUMN realised.shortage_cost IS 'Money: units_lost at the shortage cost.';

CREATE TABLE order_scores (
    as_of date NOT NULL,
    store_id text NOT NULL,
    product_id text NOT NULL,
    interval_demand double precision NOT NULL,
    proposed_cost double precision NOT NULL,
    ordered_cost double precision NOT NULL,
    PRIMARY KEY (as_of, store_id, product_id),
    FOREIGN KEY (as_of, store_id, product_id) REFERENCES order_lines ON DELETE CASCADE
);
COMMENT ON TABLE order_scores IS 'Overridden lines against what happened, once the protection interval is over.';
COMMENT ON COLUMN order_scores.interval_demand IS 'Units asked for over the protection interval, lost ones estimated.';
COMMENT ON COLUMN order_scores.proposed_cost IS 'Newsvendor cost, had the proposal been ordered.';
COMMENT ON COLUMN order_scores.ordered_cost IS 'Newsvendor cost of what the override ordered.';

CREATE TABLE demand_anomalies (
    level text NOT NULL,
    store_id text NOT NULL,
    product_id text NOT NULL,
    since date NOT NULL,
    until date NOT NULL,
    side text NOT NULL,
    periods integer NOT NULL,
    outside integer NOT NULL,
    expected double precision NOT NULL,
    p_value double precision NOT NULL,
    PRIMARY KEY (level, store_id, product_id, side)
);
COMMENT ON TABLE demand_anomalies IS 'Series and stores whose sales leave the outer quantiles more often than they should.';
COMMENT ON COLUMN demand_anomalies.periods IS 'Fully stocked periods with a forecast.';
COMMENT ON COLUMN demand_anomalies.until IS 'Last period looked at.';
COMMENT ON COLUMN demand_anomalies.since IS 'First period looked at.';
COMMENT ON COLUMN demand_anomalies.level IS 'series or store; a store has an empty product_id.';
COMMENT ON COLUMN demand_anomalies.side IS 'above: more was sold than forecast; below: less.';
COMMENT ON COLUMN demand_anomalies.outside IS 'Periods outside.';
COMMENT ON COLUMN demand_anomalies.expected IS 'How many there should have been.';
COMMENT ON COLUMN demand_anomalies.p_value IS 'Probability of as many by chance, corrected for how many were looked at.';
