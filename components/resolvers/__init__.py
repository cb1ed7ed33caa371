"""Which artifacts of earlier runs this run builds on."""
