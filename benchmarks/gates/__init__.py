"""How often the gates are wrong."""
