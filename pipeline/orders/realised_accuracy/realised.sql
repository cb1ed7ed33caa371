-- Each plan's forecast of a series against what came, for the periods that are known by now. A closed period is none of
-- them, but what lies there then costs as ever.
INSERT INTO realised (as_of, store_id, product_id, periods, observed, units, forecast, absolute_error, compared_units,
                      compared_error, naive_error, below, above, units_sold, units_lost, holding_cost, shortage_cost)
SELECT f.as_of, f.store_id, f.product_id,
       count(a.units_sold),
       count(*) FILTER (WHERE a.observed),
       coalesce(sum(a.units_sold) FILTER (WHERE a.observed), 0),
       coalesce(sum(f.middle) FILTER (WHERE a.observed), 0),
       coalesce(sum(abs(f.middle - a.units_sold)) FILTER (WHERE a.observed), 0),
       coalesce(sum(a.units_sold) FILTER (WHERE a.observed AND n.units_sold IS NOT NULL), 0),
       coalesce(sum(abs(f.middle - a.units_sold)) FILTER (WHERE a.observed AND n.units_sold IS NOT NULL), 0),
       coalesce(sum(abs(n.units_sold - a.units_sold)) FILTER (WHERE a.observed), 0),
       count(*) FILTER (WHERE a.observed AND a.units_sold < round(f.low)),
       count(*) FILTER (WHERE a.observed AND a.units_sold > round(f.high)),
       sum(a.units_sold),
       sum(f.mean * (1 - a.in_stock)) FILTER (WHERE a.open),
       s.holding_cost * sum(a.on_hand),
       s.shortage_cost * sum(f.mean * (1 - a.in_stock)) FILTER (WHERE a.open)
FROM (
    SELECT f.as_of, f.store_id, f.product_id, f.date, f.mean::double precision AS mean,
           f.quantiles[1]::double precision AS low,
           f.quantiles[cardinality(f.quantiles)]::double precision AS high,
           coalesce(f.quantiles[array_position(p.levels, 0.5::double precision)], f.mean)::double precision AS middle,
           -- Whole seasons back, to what the plan knew.
           f.date - p.season * p.period_days * ceil((f.date - f.as_of)::numeric / (p.season * p.period_days))::integer
               AS season_ago
    FROM forecasts f JOIN plans p USING (as_of)
) f
JOIN (
    SELECT *, units_sold IS NOT NULL AND in_stock >= 1 AS observed FROM actuals WHERE units_sold IS NOT NULL OR NOT open
) a USING (store_id, product_id, date)
JOIN series s USING (store_id, product_id)
LEFT JOIN actuals n ON n.store_id = f.store_id AND n.product_id = f.product_id AND n.date = f.season_ago
GROUP BY f.as_of, f.store_id, f.product_id, s.holding_cost, s.shortage_cost
HAVING count(a.units_sold) > 0
ON CONFLICT (as_of, store_id, product_id) DO UPDATE SET
    periods = EXCLUDED.periods, observed = EXCLUDED.observed, units = EXCLUDED.units, forecast = EXCLUDED.forecast,
    absolute_error = EXCLUDED.absolute_error, compared_units = EXCLUDED.compared_units,
    compared_error = EXCLUDED.compared_error, naive_error = EXCLUDED.naive_error, below = EXCLUDED.below,
    above = EXCLUDED.above,
    units_sold = EXCLUDED.units_sold, units_lost = EXCLUDED.units_lost, holding_cost = EXCLUDED.holding_cost,
    shortage_cost = EXCLUDED.shortage_cost
