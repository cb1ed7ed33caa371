"""The PostgreSQL that dashboards and buyers read: the server, its tables, its roles, and loading in bulk."""
