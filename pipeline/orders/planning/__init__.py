"""Tomorrow's orders: scoring every series with the pushed pair, and order lines that add up."""
