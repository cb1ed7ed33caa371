"""What one room writes as JSON and others read, as typed records."""
