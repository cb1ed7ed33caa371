"""Sends dashboards and alert rules to a Grafana by its HTTP API: ``python -m grafana.sending``.

For a Grafana that does not read these files itself. What it replaces is kept first. The token comes from the
environment, GRAFANA_TOKEN.
Exit codes: 0 all is there; 1 Grafana cannot be reached or refused something; 2 wrong usage.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

HERE = Path(__file__).parent
FOLDERS = {"managers": ("retail-managers", "Managers"), "operations": ("retail-operations", "Operations")}
"""By folder of the files: uid and title in Grafana, as in provisioning/dashboards/retail.yaml."""
RUNBOOKS = "${RETAIL_RUNBOOKS}"
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_OF_GRAFANA = ("id", "version", "updated", "provenance")
"""What Grafana adds to what it was sent."""


class Refused(Exception):
    """Grafana cannot be reached, or said no; the message says what to do."""


class Grafana:
    """A server's HTTP API."""

    def __init__(self, address: str, token: str) -> None:
        """Args: address: such as https://grafana.example.com/path. token: of a service account with the role Editor."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError(f"{address!r}: is no address; give one such as https://grafana.example.com")
        self._parts, self._token = parts, token

    def get(self, path: str) -> Any | None:
        """What is there; None where nothing is."""
        status, content = self._call("GET", path)
        if status == 404:
            return None
        return self._expected(status, content, f"GET {path}")

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Sends JSON, and returns the answer."""
        status, content = self._call(method, path, json.dumps(body).encode())
        return self._expected(status, content, f"{method} {path}")

    def _call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        secure = self._parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        connection = kind(self._parts.netloc, timeout=30)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        # So that rules may still be changed by hand in an emergency.
        headers["X-Disable-Provenance"] = "true"
        try:
            connection.request(method, self._parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Refused(
                f"{self._parts.netloc} does not answer ({error}); see that it runs, and the address"
            ) from None
        finally:
            connection.close()

    def _expected(self, status: int, content: bytes, what: str) -> Any:
        if status in (401, 403):
            raise Refused(f"{what}: {status}; the token wants a service account with the role Editor")
        if not 200 <= status < 300:
            said = content.decode(errors="replace").strip()[:500]
            raise Refused(f"{what}: {status} {said}")
        return json.loads(content) if content else None


@dataclass(frozen=True)
class Piece:
    """Something that Grafana shall hold.

    Attributes:
        name: for people, and of its back-up.
        path: where it is asked for.
        method, to: how it is sent.
        body: what is sent.
        inner: key of the answer and of the body below which the thing itself is; empty: it is the whole.
    """

    name: str
    path: str
    method: str
    to: str
    body: Mapping[str, Any]
    inner: str = ""

    def is_as(self, found: Any) -> bool:
        """Whether Grafana holds it already."""
        own = self.body[self.inner] if self.inner else self.body
        return bool(_plain(found[self.inner] if self.inner else found, own) == own)


def _plain(found: Any, own: Any) -> Any:
    """What was found without what Grafana adds of its own."""
    if isinstance(found, dict) and isinstance(own, dict):
        return {
            key: _plain(value, own.get(key))
            for key, value in found.items()
            if key in own or key not in _OF_GRAFANA
        }
    if isinstance(found, list) and isinstance(own, list) and len(found) == len(own):
        return [_plain(one, other) for one, other in zip(found, own, strict=True)]
    return found


def pieces(folder: Path, runbooks: str) -> Iterator[Piece]:
    """Folders, dashboards and the group of rules, in an order in which Grafana takes them.

    Args:
        folder: of the files, as ``python -m grafana`` writes them.
        runbooks: address of the runbooks.
    """
    for uid, title in FOLDERS.values():
        yield Piece(
            f"folder {title}", f"/api/folders/{uid}", "POST", "/api/folders", {"uid": uid, "title": title}
        )
    for path in sorted((folder / "dashboards").rglob("*.json")):
        board = json.loads(path.read_text())
        body = {"dashboard": board, "folderUid": FOLDERS[path.parent.name][0], "overwrite": True}
        where = f"/api/dashboards/uid/{board['uid']}"
        yield Piece(f"dashboard {board['uid']}", where, "POST", "/api/dashboards/db", body, "dashboard")
    text = (folder / "provisioning" / "alerting" / "retail.json").read_text().replace(RUNBOOKS, runbooks)
    (group,) = json.loads(text)["groups"]
    uid = FOLDERS[group["folder"].lower()][0]
    where = f"/api/v1/provisioning/folder/{uid}/rule-groups/{quote(group['name'])}"
    common = {"folderUID": uid, "ruleGroup": group["name"], "orgID": group["orgId"]}
    body = {
        "title": group["name"],
        "folderUid": uid,
        "interval": int(group["interval"][:-1]) * _SECONDS[group["interval"][-1]],
        "rules": [{**rule, **common} for rule in group["rules"]],
    }
    yield Piece(f"rules {group['name']}", where, "PUT", where, body)


def update(grafana: Grafana, wanted: list[Piece], backup: Path, *, dry: bool) -> None:
    """Sends what is not there or differs, after it has kept what it replaces.

    Args:
        grafana: that is sent to.
        wanted: that it shall hold.
        backup: folder for what is replaced.
        dry: only says what would be sent.

    Raises:
        Refused: something could not be asked for or sent; what was sent before stays.
        OSError: the back-up cannot be written; nothing was sent.
    """
    found = [(piece, grafana.get(piece.path)) for piece in wanted]
    coming = [(piece, old) for piece, old in found if old is None or not piece.is_as(old)]
    replaced = {piece.name: old for piece, old in coming if old is not None}
    if replaced and not dry:
        backup.mkdir(parents=True, exist_ok=True)
        for name, old in replaced.items():
            (backup / f"{name.replace(' ', '-')}.json").write_text(json.dumps(old, indent=1) + "\n")
        print(f"kept {len(replaced)} that are replaced in {backup}")
    for piece, old in coming:
        verb = "new" if old is None else "changed"
        if dry:
            print(f"would send {piece.name} ({verb})")
        else:
            grafana.send(piece.method, piece.to, piece.body)
            print(f"sent {piece.name} ({verb})")
    print(f"{len(found) - len(coming)} of {len(found)} were as they should be")


def main() -> int:
    """See the module's text."""
    parser = argparse.ArgumentParser(prog="update_dashboard.sh", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("GRAFANA_URL", ""), help="or GRAFANA_URL")
    parser.add_argument("--dry-run", action="store_true", help="say what would be sent, and send nothing")
    parser.add_argument("--backup", type=Path, help="folder for what is replaced (default: a new one here)")
    parser.add_argument(
        "--runbooks",
        default=os.environ.get("RETAIL_RUNBOOKS", "docs/runbooks.md"),
        help="address of docs/runbooks.md, or RETAIL_RUNBOOKS",
    )
    parser.add_argument("--folder", type=Path, default=HERE, help="of the files (default: this package's)")
    options = parser.parse_args()
    token = os.environ.get("GRAFANA_TOKEN", "")
    if not options.url or not token:
        parser.error("give --url or GRAFANA_URL, and the token of a service account as GRAFANA_TOKEN")
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        grafana = Grafana(options.url, token)
        wanted = list(pieces(options.folder, options.runbooks))
        update(grafana, wanted, options.backup or Path(f"grafana-backup-{moment}"), dry=options.dry_run)
    except ValueError as error:
        parser.error(str(error))
    except (Refused, OSError) as error:
        print(f"update_dashboard: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
