"""Back-ups of all that a workspace cannot make again, in one file, and their restore into an empty place."""
