"""From the pushed pair to orders, and what became of them."""
