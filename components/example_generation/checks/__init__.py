"""What may be wrong with rows that were read."""
