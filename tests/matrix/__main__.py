"""Runs cases of the matrix from the command line: ``python -m tests.matrix --help``."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import time
from concurrent.futures import as_completed
from pathlib import Path

from tests.matrix.cases import first, from_text, to_text
from tests.matrix.pool import Pool


def main() -> int:
    """Returns 1 where a case failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument(
        "--cases", type=int, default=1000, help="how many: the pairwise ones, then random ones"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random ones")
    parser.add_argument(
        "--case", action="append", help="only this one, as a failure prints it; may be repeated"
    )
    parser.add_argument("--jobs", type=int, default=2, help="cases side by side")
    parser.add_argument("--own-processes", action="store_true", help="each node in a process of its own")
    parser.add_argument("--done", type=Path, help="file of cases that passed: skipped, and added to")
    parser.add_argument("--keep", type=Path, help="folder in which what the cases leave behind stays")
    given = parser.parse_args()
    cases = [from_text(text) for text in given.case] if given.case else first(given.cases, given.seed)
    passed = set(given.done.read_text().splitlines()) if given.done and given.done.exists() else set()
    left = [case for case in cases if to_text(case) not in passed]
    if len(left) < len(cases):
        print(f"{len(cases) - len(left)} passed before")
    # However it is ended, the workers end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    begun, failed = time.monotonic(), 0
    pool = Pool(min(given.jobs, max(len(left), 1)), given.keep)
    try:
        waiting = {pool.ask(case, given.own_processes): case for case in left}
        for count, future in enumerate(as_completed(waiting), 1):
            broken, text = future.result(), to_text(waiting[future])
            if not broken:
                _note(given.done, text)
            failed += bool(broken)
            state = "FAILED" if broken else "passed"
            print(f"{count}/{len(left)} {state} {time.monotonic() - begun:.0f} s: {text}", flush=True)
            for line in broken:
                print(f"  {line}", flush=True)
            if broken:
                print(f"  repeat it: python -m tests.matrix --case {shlex.quote(text)}", flush=True)
    finally:
        pool.close()
    print(f"{len(left) - failed} passed, {failed} failed, in {time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


def _note(done: Path | None, text: str) -> None:
    if done:
        with done.open("a") as file:
            file.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
