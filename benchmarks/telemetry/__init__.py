"""What logging and tracing cost."""
