"""One global network: the order-up-to level and the largest order, trained on what its orders cost."""
