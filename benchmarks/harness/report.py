"""How every benchmark ends: one table on the terminal, the raw results as JSON with machine and versions."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"
PACKAGES = ("tfx", "tensorflow", "keras", "apache-beam", "pyarrow", "pandas", "numpy", "lightgbm")


def machine() -> dict[str, Any]:
    """Processor, cores and memory of this machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    model = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }


def versions() -> dict[str, str]:
    """Versions of Python and of what the results depend on, as far as installed here."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


class Report:
    """What one benchmark found: printed at once, and written as JSON, from which the page of all is made.

    Args:
        name: of the JSON file.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._tables: list[dict[str, Any]] = []

    def table(self, title: str, columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
        """Prints a plain table; the first column is text, the others are aligned to the right."""
        self._tables.append({"title": title, "columns": columns, "lines": lines, "notes": []})
        widths = [max(len(row[i]) for row in (columns, *lines)) for i in range(len(columns))]
        print(f"\n{title}")
        for row in (columns, *lines):
            first, *others = row
            cells = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(others, widths[1:], strict=True))]
            print("  " + "  ".join(cells).rstrip())
        print(flush=True)

    def note(self, text: str) -> None:
        """Prints a line that belongs to the table above it."""
        self._tables[-1]["notes"].append(text)
        print(f"  {text}", flush=True)

    def write(self, results: Mapping[str, Any]) -> Path:
        """Writes ``results/<name>.json``; ratios are fractions, times seconds."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        path = RESULTS / f"{self._name}.json"
        when = datetime.now(timezone.utc).isoformat(timespec="seconds")
        about = {"when": when, "machine": machine(), "versions": versions()}
        path.write_text(json.dumps({**about, **results, "tables": self._tables}, indent=2) + "\n")
        print(f"Raw results: {path}")
        return path
