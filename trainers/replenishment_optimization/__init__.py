"""One global network: the order-up-to level, trained on newsvendor cost."""
