"""Compares data with the reviewed schema, and edits the schema's text without disturbing the rest of it."""
