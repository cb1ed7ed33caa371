"""The TFX pipeline of a run: which component feeds which, and what decides on a cached result."""
