"""Called by Alembic with a connection of ours; there is no alembic.ini and no offline mode."""

from alembic import context

from store.migrating import SCHEMA

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table_schema=SCHEMA)
with context.begin_transaction():
    context.run_migrations()
