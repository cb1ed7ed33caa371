-- Each of the newest periods: the middle forecasts of the newest plan that was made before it, against what came.
WITH newest AS (
    SELECT max(date) AS date FROM actuals WHERE units_sold IS NOT NULL
), looked_at AS (
    SELECT newest.date - n * %(period_days)s AS date FROM newest, generate_series(0, %(periods)s - 1) AS n
), planned AS (
    SELECT DISTINCT ON (l.date) l.date, p.as_of, p.demand_version, array_position(p.levels, 0.5::double precision) AS middle
    FROM looked_at l JOIN plans p ON p.as_of < l.date AND l.date <= p.as_of + p.horizon * p.period_days
    ORDER BY l.date, p.as_of DESC
)
SELECT date, demand_version, count(*), count(units),
       coalesce(sum(units), 0), coalesce(sum(forecast) FILTER (WHERE units IS NOT NULL), 0),
       coalesce(sum(abs(forecast - units)), 0)
FROM (
    SELECT p.date, p.demand_version, coalesce(f.quantiles[p.middle], f.mean)::double precision AS forecast,
           CASE WHEN a.in_stock >= 1 THEN a.units_sold::double precision END AS units
    FROM planned p
    JOIN forecasts f USING (as_of, date)
    LEFT JOIN actuals a USING (store_id, product_id, date)
) of_series
GROUP BY date, demand_version
ORDER BY date
