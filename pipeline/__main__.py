"""``python -m pipeline`` is ``retail-inventory``."""

from pipeline.cli import main

main()
