"""Around the pipeline: the doctor, the prediction service, and versions of pairs."""
