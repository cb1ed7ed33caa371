"""The demand watch on new sales: what is unlike the demand that was to be expected, and what to do about it."""
