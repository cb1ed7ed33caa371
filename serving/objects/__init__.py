"""What serves, on an object store: published pair by pair, shown by one small object, and pulled from there."""
