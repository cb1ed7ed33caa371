"""``python -m pipeline`` is ``retail-inventory``."""

from pipeline.cli.app import main

main()
