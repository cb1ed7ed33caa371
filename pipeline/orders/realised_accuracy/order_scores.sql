-- Overridden lines against what happened, once every period of their protection interval is known or closed. What either
-- quantity would have cost: holding of what was too much, shortage of what was too little (the newsvendor's cost).
INSERT INTO order_scores (as_of, store_id, product_id, interval_demand, proposed_cost, ordered_cost)
SELECT l.as_of, l.store_id, l.product_id, d.demand,
       s.holding_cost * greatest(l.position + l.replenishment_quantity - d.demand, 0)
           + s.shortage_cost * greatest(d.demand - l.position - l.replenishment_quantity, 0),
       s.holding_cost * greatest(l.position + l.order_quantity - d.demand, 0)
           + s.shortage_cost * greatest(d.demand - l.position - l.order_quantity, 0)
FROM (
    SELECT l.*, l.on_hand + l.on_order AS position, l.as_of + l.protection_interval * p.period_days AS last_date
    FROM order_lines l JOIN plans p USING (as_of)
    WHERE l.override_quantity IS NOT NULL
) l
JOIN series s USING (store_id, product_id)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(a.units_sold + coalesce(f.mean, 0) * (1 - a.in_stock)), 0) AS demand,
           count(*) FILTER (WHERE a.units_sold IS NOT NULL OR NOT a.open) AS periods
    FROM actuals a
    LEFT JOIN forecasts f
        ON f.as_of = l.as_of AND f.store_id = a.store_id AND f.product_id = a.product_id AND f.date = a.date
    WHERE a.store_id = l.store_id AND a.product_id = l.product_id AND a.date > l.as_of AND a.date <= l.last_date
) d
WHERE d.periods = l.protection_interval
ON CONFLICT (as_of, store_id, product_id) DO UPDATE SET
    interval_demand = EXCLUDED.interval_demand, proposed_cost = EXCLUDED.proposed_cost,
    ordered_cost = EXCLUDED.ordered_cost
