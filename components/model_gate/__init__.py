"""Blesses the two models as a pair, or refuses them with reasons."""
