"""What a command is given: a folder of data, a date, and the pair that serves."""
