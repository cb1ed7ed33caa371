"""Reads a serving directory again and again, as TensorFlow Serving would, until it is told to stop.

With ``withdrawals`` as second argument a version may go away while it is being read, as a roll-back asks for.
"""

from __future__ import annotations

import json
import select
import sys
from pathlib import Path

from tests.serving.pairs import listing, poll, serving_pair

PAUSE = 0.001
"""Seconds."""


def main() -> None:
    """Prints how often it read, and every failure."""
    root = Path(sys.argv[1])
    print("ready", flush=True)
    reads, failures = 0, []
    # Without a pause it would take a whole processor from what is being tested.
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        place = root.resolve()  # A test may put another directory in its place.
        seen = listing(place)
        try:
            serving_pair(place)
            poll(place)
        except (AssertionError, OSError, ValueError) as error:
            withdrawn = "withdrawals" in sys.argv and listing(place) != seen
            if root.resolve() == place and not withdrawn:
                failures.append(repr(error))
        reads += 1
    print(json.dumps({"reads": reads, "failures": failures[:5]}))


if __name__ == "__main__":
    main()
