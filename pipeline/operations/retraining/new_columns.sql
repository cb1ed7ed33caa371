-- Columns that the newest planning run found beside the reviewed schema, and the run of the pair did not.
SELECT DISTINCT c.subject
FROM planning_checks c
WHERE c.check_name = 'schema_new_column' AND c.verdict <> 'pass' AND c.planning_id = (
    SELECT r.planning_id
    FROM planning_runs r JOIN planning_checks USING (planning_id)
    WHERE r.began > %(since)s AND gate = 'data'
    ORDER BY r.began DESC LIMIT 1
) AND EXISTS (SELECT FROM runs WHERE run_id = %(run_id)s)
EXCEPT
SELECT subject FROM gate_checks WHERE run_id = %(run_id)s AND check_name = 'schema_new_column'
ORDER BY 1
