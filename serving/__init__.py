"""The serving directory and what answers from it: pushes, roll-backs, readers, and the prediction service."""
