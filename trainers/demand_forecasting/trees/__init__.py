"""Boosted trees beside the network: what they read, how they are grown, and how TensorFlow runs them."""
