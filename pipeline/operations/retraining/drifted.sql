-- Features with drift in each of the newest planning runs since the push, a run a date; and how many such runs there are.
WITH looked_at AS (
    SELECT DISTINCT ON (as_of) as_of, planning_id
    FROM planning_runs
    WHERE as_of IS NOT NULL AND began > %(since)s
      AND planning_id IN (SELECT planning_id FROM planning_checks WHERE gate = 'data')
    ORDER BY as_of DESC, began DESC
    LIMIT %(runs)s
), found AS (
    SELECT c.subject
    FROM planning_checks c JOIN looked_at USING (planning_id)
    WHERE c.gate = 'data' AND c.check_name IN ('drift', 'gross_drift') AND c.verdict <> 'pass'
    GROUP BY c.subject
    HAVING count(DISTINCT planning_id) = %(runs)s
)
SELECT (SELECT count(*) FROM looked_at), (SELECT coalesce(array_agg(subject ORDER BY subject), '{}') FROM found)
