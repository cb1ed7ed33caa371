"""What reviewed data look like: the rows' TFMD schema, and what a deviation from it means."""

from importlib.resources import files
from pathlib import Path

ROWS = Path(str(files(__package__) / "rows.pbtxt"))
SEVERITIES = Path(str(files(__package__) / "severities.yaml"))
