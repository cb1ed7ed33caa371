"""The end of the training pipeline: what a run found out, as rows for dashboards."""
