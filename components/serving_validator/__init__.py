"""Loads the exported models in a fresh process, and holds their answers against the trainers' own."""
