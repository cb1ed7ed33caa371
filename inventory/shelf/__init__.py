"""What the shelf asks of an order: how much it holds, and how long units keep."""
