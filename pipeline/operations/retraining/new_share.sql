-- Share of the newest units in stores or products that were not in the first plan of the pair.
WITH first AS (
    SELECT min(as_of) AS as_of FROM plans WHERE demand_version = %(version)s
), known AS (
    SELECT f.store_id, f.product_id FROM forecasts f JOIN first USING (as_of) GROUP BY f.store_id, f.product_id
), newest AS (
    SELECT max(date) AS date FROM actuals WHERE units_sold IS NOT NULL
)
SELECT sum(a.units_sold::double precision)
           FILTER (WHERE a.store_id NOT IN (SELECT store_id FROM known)
                      OR a.product_id NOT IN (SELECT product_id FROM known))
       , sum(a.units_sold::double precision)
FROM actuals a, newest, first
WHERE first.as_of IS NOT NULL AND a.date > first.as_of AND a.date > newest.date - %(periods)s * %(period_days)s
