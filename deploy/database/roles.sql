-- Runs once, when the database is made: the groups of readers and writers, and Grafana's role, which may only read.
-- The tables' rights are given when the first command opens the store.
\getenv password RETAIL_DATABASE_PASSWORD
-- So that no log holds the password.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
CREATE ROLE retail_writer;
CREATE ROLE retail_reader;
CREATE ROLE grafana LOGIN PASSWORD :'password' IN ROLE retail_reader;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '60s';
