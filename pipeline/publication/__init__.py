"""What serves, published to an object store: which one, when, and what is said of it."""
