"""The arena's other forecasters: any task, whatever its data; in an environment without TFX."""
