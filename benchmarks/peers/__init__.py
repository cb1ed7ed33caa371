"""Other forecasters; they run in an environment without TFX."""
