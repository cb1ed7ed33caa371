-- Rights by store, for those who want them: planners read the rows of their own stores alone (row-level security).
-- The owner of the tables, the role of database_url, calls it once they are there, and again after each upgrade and restore:
--   psql -v ON_ERROR_STOP=1 -f stores.sql DATABASE_URL
-- Then an administrator makes planners, and the owner says which stores are theirs:
--   CREATE ROLE kim LOGIN PASSWORD '...' IN ROLE retail_planner;
--   INSERT INTO retail_rights.planner_stores VALUES ('kim', 'S01');
-- Who is a member of retail_reader too reads everything, and so does Grafana. Not for the embedded server, whose writer does
-- not own the tables: PostgreSQL refuses COPY to whoever has to be looked at row by row.
BEGIN;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'retail_planner') THEN
        CREATE ROLE retail_planner;
    END IF;
END
$$;
-- Not in the schema of the product, whose tables are its own to make and to restore.
CREATE SCHEMA IF NOT EXISTS retail_rights;
CREATE TABLE IF NOT EXISTS retail_rights.planner_stores (
    planner name NOT NULL,
    store_id text NOT NULL,
    PRIMARY KEY (planner, store_id)
);
ALTER TABLE retail_rights.planner_stores ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_stores ON retail_rights.planner_stores;
CREATE POLICY own_stores ON retail_rights.planner_stores FOR SELECT TO retail_planner USING (planner = current_user);
GRANT USAGE ON SCHEMA retail, retail_rights TO retail_planner;
GRANT SELECT ON retail_rights.planner_stores TO retail_planner;
-- What a plan is of; nothing of a store. Tables of runs, gates and acts have figures and names of all stores: not theirs.
GRANT SELECT ON retail.plans TO retail_planner;
DO $$
DECLARE
    place regclass;
BEGIN
    FOR place IN
        SELECT c.oid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'retail'::regnamespace AND c.relkind = 'r' AND a.attname = 'store_id'
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', place);
        EXECUTE format('DROP POLICY IF EXISTS all_stores ON %s', place);
        EXECUTE format('DROP POLICY IF EXISTS own_stores ON %s', place);
        EXECUTE format(
            'CREATE POLICY all_stores ON %s TO retail_writer, retail_reader USING (true) WITH CHECK (true)', place);
        EXECUTE format(
            'CREATE POLICY own_stores ON %s FOR SELECT TO retail_planner USING (store_id IN '
            '(SELECT s.store_id FROM retail_rights.planner_stores s WHERE s.planner = current_user))', place);
        EXECUTE format('GRANT SELECT ON %s TO retail_planner', place);
    END LOOP;
END
$$;
COMMIT;
