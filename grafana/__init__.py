"""Grafana's dashboards and alert rules as code; they read the store, and nothing here reads the pipeline."""
