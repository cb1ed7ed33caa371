"""Rows of all files brought together, by series and date."""
