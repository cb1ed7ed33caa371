"""The registry: MLflow is told what the serving directory holds, and asked what somebody moved there."""
