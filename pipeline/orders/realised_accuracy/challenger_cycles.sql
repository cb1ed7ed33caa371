-- Of each line of a challenger's plan whose protection interval is over: what came in it, period by period, and what both
-- pairs forecast. Those that were scored already only where that has been corrected since, as far back as is looked at.
SELECT l.as_of, l.store_id, l.product_id, l.shelf, l.champion_order, l.challenger_order, l.lead_time, l.review_period,
       l.holding_cost, l.shortage_cost, l.waste_cost, l.presentation_stock, l.shelf_life,
       d.observed, d.units, d.champion_forecast, d.champion_error, d.challenger_forecast, d.challenger_error, d.demand
FROM challenger_plans c
JOIN plans p USING (as_of, made_at)
JOIN challenger_lines l USING (as_of)
CROSS JOIN LATERAL (
    SELECT count(*) AS periods,
           count(*) FILTER (WHERE observed) AS observed,
           coalesce(sum(units_sold) FILTER (WHERE observed), 0) AS units,
           coalesce(sum(champion) FILTER (WHERE observed), 0) AS champion_forecast,
           coalesce(sum(abs(champion - units_sold)) FILTER (WHERE observed), 0) AS champion_error,
           coalesce(sum(challenger) FILTER (WHERE observed), 0) AS challenger_forecast,
           coalesce(sum(abs(challenger - units_sold)) FILTER (WHERE observed), 0) AS challenger_error,
           array_agg(sold + lost ORDER BY date) AS demand
    FROM (
        SELECT a.date, a.units_sold::double precision AS units_sold,
               a.units_sold IS NOT NULL AND a.in_stock >= 1 AS observed,
               coalesce(a.units_sold, 0)::double precision AS sold,
               -- What was lost out of stock is neither pair's guess alone.
               CASE WHEN a.open THEN (f.mean + l.mean[n.period]) / 2 * (1 - a.in_stock) ELSE 0 END::double precision AS lost,
               coalesce(f.quantiles[array_position(p.levels, 0.5::double precision)], f.mean)::double precision AS champion,
               l.middle[n.period]::double precision AS challenger
        FROM actuals a
        CROSS JOIN LATERAL (SELECT (a.date - l.as_of) / p.period_days AS period) n
        JOIN forecasts f ON f.as_of = l.as_of AND f.store_id = l.store_id AND f.product_id = l.product_id AND f.date = a.date
        WHERE a.store_id = l.store_id AND a.product_id = l.product_id AND a.date > l.as_of
          AND a.date <= l.as_of + (l.lead_time + l.review_period) * p.period_days
          AND (a.units_sold IS NOT NULL OR NOT a.open)
    ) of_period
) d
LEFT JOIN challenger_scores s ON s.as_of = l.as_of AND s.store_id = l.store_id AND s.product_id = l.product_id
WHERE c.champion = %(champion)s AND c.challenger = %(challenger)s AND p.demand_version = c.champion
  AND d.periods = l.lead_time + l.review_period
  AND (s.as_of IS NULL OR l.as_of > %(again)s AND (s.observed, s.demand) IS DISTINCT FROM (d.observed, d.demand))
