"""Stops a batch of data that breaks the reviewed schema before anything is trained on it."""
