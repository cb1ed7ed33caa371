"""Cuts training windows from the rows of the spans that passed the gate."""
