-- Each plan of a challenger beside that of the champion, the series that are scored summed up; of its canary those of the
-- stores that it ordered for alone.
SELECT s.as_of, l.lines, count(*) AS scored, sum(s.units) AS units,
       sum(s.champion_forecast) AS champion_forecast, sum(s.champion_error) AS champion_error,
       sum(s.challenger_forecast) AS challenger_forecast, sum(s.challenger_error) AS challenger_error,
       sum(s.champion_cost) AS champion_cost, sum(s.challenger_cost) AS challenger_cost, l.interval
FROM challenger_scores s
JOIN challenger_lines o USING (as_of, store_id, product_id)
JOIN challenger_plans c USING (as_of)
JOIN plans p USING (as_of, made_at)
JOIN (
    SELECT as_of, count(*) AS lines, max(lead_time + review_period)::integer AS interval
    FROM challenger_lines WHERE canary OR NOT %(canary)s GROUP BY as_of
) l USING (as_of)
WHERE c.champion = %(champion)s AND c.challenger = %(challenger)s AND (o.canary OR NOT %(canary)s)
GROUP BY s.as_of, l.lines, l.interval
ORDER BY s.as_of
