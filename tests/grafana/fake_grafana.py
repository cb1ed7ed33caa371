"""As much of Grafana's HTTP API as update_dashboard.sh calls; run with the SDK's Python, whose types bodies must fit.

Prints its address, and at its end (a line on its standard input) what it holds. By Grafana's documentation: folders and
dashboards get an id and a version, a dashboard that exists is only replaced where ``overwrite`` says so, and a group of
rules is replaced as a whole.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any
from urllib.parse import unquote

TOKEN = "a-token"
held: dict[str, Any] = {}


class Bad(Exception):
    """An answer of 4xx."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def take_folder(body: dict[str, Any]) -> None:
    if set(body) != {"uid", "title"}:
        raise Bad(400, "a folder has a uid and a title")
    if f"/api/folders/{body['uid']}" in held:
        raise Bad(412, "the folder has been changed by someone else")
    held[f"/api/folders/{body['uid']}"] = {"id": 1, "version": 1, **body}


def take_board(body: dict[str, Any]) -> None:
    main = import_module("grafana.__main__")
    if lost := main.lost(json.dumps(body["dashboard"])):
        raise Bad(400, f"the SDK's types do not know {lost}")
    if f"/api/folders/{body['folderUid']}" not in held:
        raise Bad(400, "there is no such folder")
    path = f"/api/dashboards/uid/{body['dashboard']['uid']}"
    if path in held and body.get("overwrite") is not True:
        raise Bad(412, "the dashboard exists")
    held[path] = {
        "meta": {"folderUid": body["folderUid"]},
        "dashboard": {**body["dashboard"], "id": 7, "version": 2},
    }


def take_group(path: str, body: dict[str, Any]) -> None:
    kind = import_module("grafana_foundation_sdk.models.alerting").RuleGroup
    encoder = import_module("grafana_foundation_sdk.cog.encoder").JSONEncoder
    seen = json.loads(json.dumps(kind.from_json(body), cls=encoder))
    lost = [key for key in body if key not in seen]
    for rule, read in zip(body["rules"], seen["rules"], strict=True):
        lost += [key for key in rule if key not in read]
    if lost or not isinstance(body["interval"], int):
        raise Bad(400, f"the SDK's types do not know {lost}")
    folder = path.split("/")[5]
    if any(rule["folderUID"] != folder or rule["ruleGroup"] != body["title"] for rule in body["rules"]):
        raise Bad(400, "a rule is of another folder or group")
    held[path] = {**body, "rules": [{**rule, "id": 3, "updated": "now"} for rule in body["rules"]]}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(lambda path, _: look_up(path))

    def do_POST(self) -> None:
        takes = {"/api/folders": take_folder, "/api/dashboards/db": take_board}
        self._answer(lambda path, body: takes[path](body))

    def do_PUT(self) -> None:
        self._answer(take_group)

    def _answer(self, act: Any) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            check_token(self.headers.get("Authorization"))
            status, content = 200, act(unquote(self.path), json.loads(body or b"null"))
        except Bad as error:
            status, content = error.status, {"message": str(error)}
        except Exception as error:  # the test shall see what is wrong with the body
            status, content = 400, {"message": repr(error)}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *args: Any) -> None:
        """Says nothing: the standard output is for the test."""


def look_up(path: str) -> Any:
    if path not in held:
        raise Bad(404, "not found")
    return held[path]


def check_token(header: str | None) -> None:
    if header != f"Bearer {TOKEN}":
        raise Bad(401, "unauthorized")


if __name__ == "__main__":
    plugins = import_module("grafana_foundation_sdk.cog.plugins")
    plugins.register_default_plugins()
    import_module("grafana.sql").register()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    for line in sys.stdin:
        if line.startswith("change "):
            held[line.split()[1]]["dashboard"]["title"] = "changed by hand"
        print(json.dumps(held), flush=True)
