"""Files as people's tools write them, up to raw columns."""
