"""What rooms agree on: names, errors, rows on disk, and how files are written. Imports no other room."""
