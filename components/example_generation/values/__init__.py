"""Texts to numbers and dates."""
