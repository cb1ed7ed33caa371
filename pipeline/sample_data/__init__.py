"""A made-up retailer."""
