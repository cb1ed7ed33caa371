"""Who may call what: tokens and scopes, exchanged while the service answers; and what guessing costs."""

from __future__ import annotations

import itertools
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from contracts.durable import replacing
from contracts.models import MODELS
from serving.service import token_file
from serving.service.app import build_app
from serving.service.guard import Guard, Refusal
from serving.service.guesses import BURST, SECONDS, Guesses
from serving.service.holder import Holder
from serving.service.tokens import SCOPES, Scope, digest_of
from serving.tensorflow_serving import METRICS_PATH
from tests.serving.service.listening import listening
from tests.serving.service.test_guesses import Clock

GUESSES = 10_000
PREDICT = f"/v1/models/{MODELS[0]}"


def _put(file: Path, content: str) -> None:
    """Whole, as what changes tokens does: the service may look at any moment."""
    with replacing(file) as other:
        other.write_text(content)


def made(file: Path, name: str, *scopes: Scope) -> str:
    return token_file.create(file, name, scopes, "kim", datetime.now(timezone.utc))[0]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


@pytest.fixture
def tokens(file: Path) -> dict[str, str]:
    """By who has it; ``nobody`` sends none, ``stranger`` a wrong one."""
    return {
        "caller": made(file, "till", "predict"),
        "prometheus": made(file, "prometheus", "metrics"),
        "both": made(file, "platform", *SCOPES),
        "stranger": "rit_" + "x" * 43,
    }


@pytest.fixture
def client(file: Path, tokens: dict[str, str], tmp_path: Path) -> Iterator[TestClient]:
    guard = Guard(file, Guesses(burst=1000))
    with TestClient(build_app(Holder(tmp_path / "empty"), guard, poll_seconds=0.02)) as made:
        yield made


MAY = {
    "predict": {"caller", "both"},
    "metrics": {"prometheus", "both"},
    "": {"nobody", "stranger", "caller", "prometheus", "both"},
}
PLACES = {"model": MODELS[0], "version": "1", "label": "stable"}
CALLS = [
    *(
        (method, f"{PREDICT}{place}{what}", "predict")
        for place in ("", "/versions/1", "/labels/stable")
        for method, what in (("POST", ":predict"), ("GET", ""), ("GET", "/metadata"))
    ),
    ("GET", "/metrics", "metrics"),
    ("GET", METRICS_PATH, "metrics"),
    ("GET", "/healthz", ""),
    ("GET", "/readyz", ""),
]


def test_every_caller_at_every_door(client: TestClient, tokens: dict[str, str]) -> None:
    for method, path, scope in CALLS:
        for who in ("nobody", *tokens):
            headers = bearer(tokens[who]) if who in tokens else {}
            status = client.request(method, path, headers=headers).status_code
            # Nothing was pushed: whoever may ask for a pair hears so.
            expected = {200, 503} if who in MAY[scope] else {401} if who in ("nobody", "stranger") else {403}
            assert status in expected, (method, path, who)


def test_every_door_of_the_service_is_in_the_table(client: TestClient) -> None:
    there = {
        (method, re.sub("{([a-z]+):[a-z]+}", lambda found: PLACES[found[1]], route.path))
        for route in client.app.routes  # type: ignore[attr-defined]
        for method in route.methods - {"HEAD"}
    }
    assert there == {(method, path) for method, path, _ in CALLS}


def test_a_caller_without_the_scope_is_told_which(client: TestClient, tokens: dict[str, str]) -> None:
    reply = client.get("/metrics", headers=bearer(tokens["caller"]))
    assert reply.json() == {"error": "this token is for predict; ask for one with the scope metrics"}
    assert client.get("/metrics").headers["WWW-Authenticate"] == "Bearer"
    counted = client.get("/metrics", headers=bearer(tokens["both"])).text
    assert 'retail_inventory_refused_requests_total{code="403"} 1.0' in counted


def test_a_token_that_is_over_is_refused_and_told_once(
    file: Path, tokens: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    now = datetime.now(timezone.utc)
    end = now + timedelta(days=1)
    ending = token_file.create(file, "web", ["predict"], "kim", now, end)[0]
    times = iter([end - timedelta(seconds=1), end, *4 * [end + timedelta(days=400)]])
    # It was right: it is no guess, however often it is sent.
    guard = Guard(file, Guesses(burst=1), lambda: next(times))

    def asked(token: str) -> Refusal | None:
        return guard.refuses(f"Bearer {token}".encode(), "192.0.2.1", "predict")

    assert asked(ending) is None
    for _ in range(2):
        refusal = asked(ending)
        assert refusal is not None and refusal.status == 401
        assert refusal.message == f"this token is over since {end:%Y-%m-%d %H:%M} UTC; ask for another"
        assert 'error="invalid_token"' in refusal.headers["WWW-Authenticate"]
    (told,) = (record for record in caplog.records if "over" in record.message)
    assert told.caller == "web" and ending not in str(told.__dict__)  # type: ignore[attr-defined]
    # Others never end; a stranger hears nothing of it.
    assert asked(tokens["caller"]) is None
    refusal = asked(tokens["stranger"])
    assert refusal is not None and "over" not in refusal.message


def test_a_service_that_runs_refuses_a_token_from_its_end_on(client: TestClient, file: Path) -> None:
    now = datetime.now(timezone.utc)
    ending = token_file.create(file, "web", ["metrics"], "kim", now, now + timedelta(milliseconds=300))[0]
    deadline = time.monotonic() + 10
    while "this token is over" not in client.get("/metrics", headers=bearer(ending)).text:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def until(wanted: int, client: TestClient, token: str) -> None:
    deadline = time.monotonic() + 10
    while client.get("/metrics", headers=bearer(token)).status_code != wanted:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_tokens_are_exchanged_without_a_restart(
    client: TestClient, file: Path, tokens: dict[str, str]
) -> None:
    old = tokens["prometheus"]
    new = made(file, "prometheus", "metrics")
    until(200, client, new)
    until(200, client, old)
    (first, _) = (token for token in token_file.read(file) if token.name == "prometheus")
    assert first.sha256 == digest_of(old.encode())
    token_file.revoke(file, "prometheus", first.number)
    until(401, client, old)
    until(200, client, new)


def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(
    client: TestClient, file: Path, tokens: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    failed = 'retail_inventory_file_failed{file="tokens"} 1.0'

    def says(wanted: bool) -> None:
        deadline = time.monotonic() + 10
        while (failed in client.get("/metrics", headers=bearer(tokens["both"])).text) != wanted:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    good = file.read_text()
    for content in ('{"tokens": [', None, "short"):
        if content is None:
            file.unlink()
        else:
            _put(file, content)
        says(True)
        _put(file, good)
        says(False)
    told = [record.message for record in caplog.records if "the tokens: not taken up" in record.message]
    assert len(told) == 3 and not any(token in text for token in tokens.values() for text in told)


def guess(port: int, count: int, headers: str = "") -> Counter[int]:
    """Sends as many wrong tokens on one connection, a hundred at a time, and counts the answers."""
    codes: Counter[int] = Counter()
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as replies:
        for begin in range(0, count, 100):
            requests = [
                f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer guess-{begin + i}\r\n{headers}\r\n"
                for i in range(min(100, count - begin))
            ]
            connection.sendall("".join(requests).encode())
            for _ in requests:
                codes[int(replies.readline().split()[1])] += 1
                length = 0
                while (line := replies.readline().strip().lower()) != b"":
                    if line.startswith(b"content-length:"):
                        length = int(line.split()[1])
                replies.read(length)
    return codes


def test_ten_thousand_guesses_at_a_real_server(file: Path, tokens: dict[str, str], tmp_path: Path) -> None:
    clock = Clock()
    guard = Guard(file, Guesses(clock=clock))
    with (
        listening(build_app(Holder(tmp_path / "empty"), guard, poll_seconds=60)) as port,
        httpx.Client(base_url=f"http://127.0.0.1:{port}") as caller,
    ):
        codes = guess(port, GUESSES)
        # Compared with a token were the burst, and those few that share a token's first digits: 3 of 65,536.
        assert set(codes) == {401, 429} and BURST <= codes[401] <= BURST + 5
        # Under other names it is the same peer.
        codes += guess(port, 50, "X-Forwarded-For: 192.0.2.7\r\n")
        assert codes[401] <= BURST + 5
        reply = caller.get("/metrics", headers=bearer("guess"))
        assert (reply.status_code, reply.headers["Retry-After"]) == (429, str(int(SECONDS)))
        assert "try again in 5 s" in reply.json()["error"]
        # Who has the right token, at the same address, is answered all the while.
        for name in ("prometheus", "both"):
            assert caller.get("/metrics", headers=bearer(tokens[name])).status_code == 200
        assert caller.get("/metrics", headers=bearer(tokens["caller"])).status_code == 403
        clock.now += 10 * SECONDS
        later = guess(port, 100)
        assert 10 <= later[401] <= 12
        counted = caller.get("/metrics", headers=bearer(tokens["both"])).text
        assert f'refused_requests_total{{code="429"}} {codes[429] + later[429] + 1}.0' in counted


def test_guesses_at_the_digits_of_a_token_are_over_too(file: Path, tokens: dict[str, str]) -> None:
    """Who knows the first digits of a token's hash, and shares the address, is the one who can shut its owner out."""
    clock = Clock()
    guard = Guard(file, Guesses(burst=3, seconds=5.0, clock=clock))
    wanted = digest_of(tokens["both"].encode())[:4]
    guesses = (f"g{i}" for i in itertools.count())
    near = list(itertools.islice((g for g in guesses if digest_of(g.encode())[:4] == wanted), 4))

    def status(token: str, host: str = "192.0.2.1") -> int:
        refusal = guard.refuses(f"Bearer {token}".encode(), host, "metrics")
        return 200 if refusal is None else refusal.status

    assert [status(token) for token in near] == [401, 401, 401, 429]
    assert (status(tokens["both"]), status(tokens["both"], "192.0.2.2")) == (429, 200)
    assert status(tokens["prometheus"]) == 200
    clock.now += 5
    assert status(tokens["both"]) == 200


def test_no_token_is_no_guess(file: Path, tokens: dict[str, str]) -> None:
    guard = Guard(file, Guesses(burst=1))
    for header in (b"", b"Bearer", b"Basic abc", tokens["both"].encode()):
        refusal = guard.refuses(header, "192.0.2.1", "metrics")
        assert refusal is not None and refusal.status == 401
    assert guard.refuses(b"bearer " + tokens["both"].encode(), "192.0.2.1", "metrics") is None
    assert json.loads(file.read_text())["tokens"]
