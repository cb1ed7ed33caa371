"""What a process says of its work: structured lines, and the trace of a run."""
