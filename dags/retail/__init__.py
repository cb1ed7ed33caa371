"""What the DAGs share. Runs in Airflow's environment, which has neither TFX nor our packages."""
