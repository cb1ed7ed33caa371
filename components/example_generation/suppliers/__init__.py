"""The file suppliers: its weekdays, and what its terms make of products."""
