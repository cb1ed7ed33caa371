"""Data sets x rolling origins x forecasters, ours among them, scored by one piece of code."""
