"""Pushes and publishes as it is told, a line of JSON each; publications are processes of their own.

Arguments: its folder, and the settings of the store as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

import obstore.store  # noqa: F401  (so that no publication is killed while it imports)

from contracts.errors import Failure
from serving.directory.pushing import push
from serving.objects.options import PublicationOptions
from serving.objects.publishing import publish
from serving.objects.store import ObjectStore
from tests.serving.pairs import make_pair

GRACE = timedelta(hours=1)


def publication(root: Path, options: PublicationOptions) -> dict[str, object]:
    """Publishes; says how it ended."""
    try:
        done = publish(root, ObjectStore(options), keep=options.keep, grace=GRACE)
    except Failure as error:
        return {"error": str(error)}
    return {"ours": done.ours, "sequence": done.sequence, "uploaded": done.uploaded}


def main() -> None:
    """Until its input ends."""
    folder, options = Path(sys.argv[1]), PublicationOptions.model_validate_json(sys.argv[2])
    root = folder / "serving"
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "push" in asked:
            pair = make_pair(folder, asked["push"])
            at = float(asked["at"])
            print(push(root, pair, {}, keep=1000, clock=lambda at=at: at).version, flush=True)  # type: ignore[misc]
            continue
        reading, writing = os.pipe()
        # The library's threads begin in the child alone, and are killed with it.
        pid = os.fork()
        if not pid:
            os.write(writing, json.dumps(publication(root, options)).encode())
            os._exit(0)
        os.close(writing)
        if "kill" in asked:
            time.sleep(asked["kill"])
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(reading) as said:
            print(said.read() or "null", flush=True)


if __name__ == "__main__":
    main()
