-- For each series and period the newest forecast of it, and whether sales left the outer quantiles.
SELECT f.store_id, f.product_id, f.date,
       (a.units_sold < round(f.low))::integer AS below,
       (a.units_sold > round(f.high))::integer AS above,
       f.level_low, f.level_high
FROM (
    SELECT DISTINCT ON (f.store_id, f.product_id, f.date)
           f.store_id, f.product_id, f.date,
           f.quantiles[1]::double precision AS low,
           f.quantiles[cardinality(f.quantiles)]::double precision AS high,
           p.levels[1] AS level_low, p.levels[cardinality(p.levels)] AS level_high
    FROM forecasts f JOIN plans p USING (as_of)
    WHERE f.date > %(after)s
    ORDER BY f.store_id, f.product_id, f.date, f.as_of DESC
) f
JOIN actuals a USING (store_id, product_id, date)
WHERE a.units_sold IS NOT NULL AND a.in_stock >= 1
