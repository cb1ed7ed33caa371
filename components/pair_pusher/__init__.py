"""Pushes a blessed pair into the serving directory."""
