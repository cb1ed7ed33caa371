"""Writes dashboards and alert rules: ``python -m grafana``; with ``--check`` only says whether they are up to date."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana.alerts import rules
from grafana.boards import BOARDS
from grafana.sql import register

HERE = Path(__file__).parent


def as_text(content: object) -> str:
    """JSON whose order does not depend on the SDK's version."""
    return json.dumps(content, cls=JSONEncoder, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def generated() -> dict[Path, str]:
    """Each file's path below this folder, and its content."""
    files = {
        Path("dashboards") / board.folder / f"{board.uid}.json": as_text(board.build()) for board in BOARDS
    }
    return {**files, Path("provisioning/alerting/retail.json"): as_text(rules())}


def lost(text: str) -> list[str]:
    """What of a dashboard the SDK's own types do not know, as they read and write it: misspelt options, mostly."""
    before = json.loads(text)
    after = json.loads(as_text(Dashboard.from_json(json.loads(text))))
    return _differences(before, after, "")


def _differences(before: Any, after: Any, where: str) -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        keys = sorted(before.keys() | after.keys())
        return [d for key in keys for d in _differences(before.get(key), after.get(key), f"{where}/{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [d for index, (b, a) in pairs for d in _differences(b, a, f"{where}/{index}")]
    return [] if before == after else [f"{where}: {before!r} became {after!r}"]


def main() -> int:
    """Exit code 0: written, or all up to date; 1: something differs."""
    parser = argparse.ArgumentParser(prog="python -m grafana", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where something differs"
    )
    parser.add_argument("--folder", type=Path, default=HERE, help="of the files (default: this package's)")
    options = parser.parse_args()
    plugins.register_default_plugins()
    register()
    problems = []
    for name, text in generated().items():
        path = options.folder / name
        if options.check:
            if not path.exists() or path.read_text() != text:
                problems.append(f"{path}: is not what the code makes; run 'make dashboards'")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path}")
        if name.parts[0] == "dashboards" and path.exists():
            problems += [f"{path}: {difference}" for difference in lost(path.read_text())]
    print("\n".join(problems), file=sys.stderr, end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
