"""A stock TFX pipeline, the yardstick for speed."""
