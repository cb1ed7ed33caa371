"""moto's S3 on loopback, in its own environment: one request after the other, so that conditions are judged in order.

Prints a line of JSON: its address, and keys where it asks for them. ``/-/`` is ours: it has the server fail from some
request on.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

ACTIONS_OF_SETTING_UP = 7
"""Of moto's, which judges nobody for so long."""

_CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
Start = Callable[..., Any]
Application = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Faults:
    """What goes before the store: counts requests, and fails where it was told to."""

    def __init__(self, application: Application, *, ignoring: bool) -> None:
        self._application, self._ignoring = application, ignoring
        self._left, self._how = -1, ""
        self._seen: list[str] = []

    def __call__(self, environment: dict[str, Any], start: Start) -> Iterable[bytes]:
        if environment["PATH_INFO"].startswith("/-/"):
            return self._told(environment, start)
        self._seen.append(f"{environment['REQUEST_METHOD']} {environment['PATH_INFO']}")
        if self._how and self._left <= 0:
            return self._failed(environment, start)
        self._left -= 1
        if self._ignoring and environment["REQUEST_METHOD"] == "PUT":
            for name in _CONDITIONS:
                environment.pop(name, None)
        return self._application(environment, start)

    def _told(self, environment: dict[str, Any], start: Start) -> Iterable[bytes]:
        asked = dict(parse_qsl(environment["QUERY_STRING"]))
        if "how" in asked:
            self._left, self._how = int(asked["after"]), asked["how"].removesuffix("none")
        answer = json.dumps(self._seen).encode()
        self._seen = []
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    def _failed(self, environment: dict[str, Any], start: Start) -> Iterable[bytes]:
        if self._how != "unavailable":
            if self._how == "lose the answer":
                b"".join(self._application(environment, start))
            environment["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        start("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]


def set_up(address: str, answer: dict[str, str]) -> None:
    """Makes a user who may do all with S3, and one who may only read; adds their keys to the answer."""
    import boto3

    clients = {"endpoint_url": address, "region_name": "us-east-1"}
    iam = boto3.client("iam", aws_access_key_id="setting", aws_secret_access_key="up", **clients)
    for user, actions in (("", ["s3:*"]), ("reader_", ["s3:GetObject", "s3:ListBucket"])):
        statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_user(UserName=f"{user}shop")
        iam.put_user_policy(UserName=f"{user}shop", PolicyName="rights", PolicyDocument=document)
        key = iam.create_access_key(UserName=f"{user}shop")["AccessKey"]
        answer |= {f"{user}key": key["AccessKeyId"], f"{user}secret": key["SecretAccessKey"]}
    s3 = boto3.client(
        "s3", aws_access_key_id=answer["key"], aws_secret_access_key=answer["secret"], **clients
    )
    s3.create_bucket(Bucket="shop")


def main() -> None:
    """Serves until it is killed."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--ignore-conditions", action="store_true")
    asked.add_argument("--ask-for-keys", action="store_true")
    asked.add_argument("--tls", nargs=2, metavar=("CERTIFICATE", "KEY"))
    given = asked.parse_args()
    if given.ask_for_keys:
        os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = str(ACTIONS_OF_SETTING_UP)
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    application = Faults(DomainDispatcherApplication(create_backend_app), ignoring=given.ignore_conditions)
    server = make_server("127.0.0.1", 0, application, ssl_context=tuple(given.tls) if given.tls else None)
    answer = {"address": f"http{'s' if given.tls else ''}://127.0.0.1:{server.server_port}"}

    def begin() -> None:
        if given.ask_for_keys:
            set_up(answer["address"], answer)
        print(json.dumps(answer), flush=True)

    threading.Thread(target=begin, daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main()
