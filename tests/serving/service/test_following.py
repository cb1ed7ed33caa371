"""The service on a workspace that follows an object store: what it answers from, and what it says of the store."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from serving.directory.layout import read_state
from serving.directory.switching import roll_back
from serving.objects import following as following_module
from serving.objects.following import Follower
from serving.objects.options import StoreOptions
from serving.objects.publishing import publish
from serving.objects.store import ObjectStore
from serving.service import app as app_module
from serving.service.app import build_app
from serving.service.holder import Holder
from tests.serving.objects.s3 import S3
from tests.serving.service.test_app import DEMAND, body, metric
from tests.serving.test_serve import Server

pytestmark = pytest.mark.usefixtures("remembered_models")

STALE, SEEN = "retail_inventory_source_failed", "retail_inventory_source_seen_timestamp_seconds"


def published(root: Path, store: ObjectStore) -> str:
    """The version that is shown now."""
    publish(root, store, keep=3, grace=timedelta(hours=24))
    return str(read_state(root).stable)


def following(folder: Path, store: ObjectStore) -> TestClient:
    root = folder / "follower"
    app = build_app(Holder(root), poll_seconds=0.05, follower=Follower(root, store))
    return TestClient(app, raise_server_exceptions=False)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


def test_it_answers_from_what_is_shown_and_goes_on_without_the_store(
    root: Path, tmp_path: Path, server: S3, store: ObjectStore, client: TestClient, instances: list[Any]
) -> None:
    first = published(root, store)
    place, content = f"/v1/models/{DEMAND}:predict", body(instances)
    expected = client.post(place, content=content).json()
    with following(tmp_path, store) as service:
        assert service.get("/readyz").json() == {"stable": first}
        assert service.post(place, content=content).json() == expected
        until(lambda: bool(metric(service, SEEN)))
        assert metric(service, STALE) == {("object_store",): 0}
        roll_back(root, None, "me")
        earlier = published(root, store)
        assert earlier != first
        until(lambda: service.get("/readyz").json() == {"stable": earlier})
        server.fail(0, "hang up")
        until(lambda: "does not answer" in service.get("/readyz").json().get("source_failure", ""))
        assert service.get("/readyz").status_code == service.post(place, content=content).status_code == 200
        assert metric(service, STALE) == {("object_store",): 1}
    # Begun anew while the store is away, it answers from what it had.
    with following(tmp_path, store) as service:
        assert service.get("/readyz").json()["stable"] == earlier
        server.fail(0, "none")
        roll_back(root, int(first), "me")
        published(root, store)
        until(lambda: service.get("/readyz").json() == {"stable": first})
        assert service.post(place, content=content).json() == expected


def test_with_nothing_pulled_it_says_why_it_does_not_answer(
    tmp_path: Path, server: S3, store: ObjectStore
) -> None:
    server.fail(0, "hang up")
    with following(tmp_path, store) as service:
        reply = service.get("/readyz")
        assert reply.status_code == 503 and "does not answer" in reply.json()["source_failure"]
        reply = service.post(f"/v1/models/{DEMAND}:predict", content=b"{}")
        assert reply.status_code == 503 and "does not answer" in reply.json()["error"]


def test_a_store_that_never_answers_holds_up_neither_start_nor_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "_FIRST_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(following_module, "_PATIENCE", 0.1)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "anything")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        store = ObjectStore(StoreOptions(address="s3://b.c/d", endpoint=endpoint, timeout=5))
        begun = time.monotonic()
        with following(tmp_path, store) as service:
            reply = service.post(f"/v1/models/{DEMAND}:predict", content=b"{}")
            assert reply.status_code == 503 and "is being pulled" in reply.json()["error"]
        assert time.monotonic() - begun < 4


@pytest.mark.nightly
def test_the_command_follows_a_store(root: Path, tmp_path: Path, s3: S3) -> None:
    options = s3.options()
    assert options.address is not None and options.endpoint is not None
    first = published(root, ObjectStore(options))
    source = ("--source", options.address, "--endpoint", options.endpoint, "--poll-seconds", "0.1")
    made = Server(tmp_path / "elsewhere", *source)
    try:
        made.wait(int(first))
        roll_back(root, None, "me")
        made.wait(int(published(root, ObjectStore(options))))
    finally:
        made.process.kill()
