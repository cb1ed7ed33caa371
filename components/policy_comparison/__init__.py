"""What the order-up-to levels of each policy cost on the same test windows."""
