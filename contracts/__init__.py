"""What rooms agree on: errors, rows on disk, and how files are written. Imports no other room."""
