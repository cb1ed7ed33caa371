"""What suppliers ask of orders: the days on which they take them."""
