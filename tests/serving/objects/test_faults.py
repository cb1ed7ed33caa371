"""Publications that are killed at random, and two at once, while somebody follows the store."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.objects.following import Follower
from serving.objects.options import PublicationOptions
from serving.objects.store import ObjectStore
from tests.places import ROOT
from tests.serving.objects.s3 import S3
from tests.serving.objects.test_publishing import pointer, whole
from tests.serving.pairs import serving_pair

KILLS = [2, pytest.param(50, marks=pytest.mark.nightly)]
ROUNDS = 50


class Publisher:
    """publisher.py in a process of its own, with a serving directory of its own."""

    def __init__(self, folder: Path, options: PublicationOptions) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving.objects.publisher", str(folder), options.model_dump_json()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert self.hear() == "ready"

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, **asked: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()

    def push(self, name: str, at: int) -> int:
        """Version of a new pair."""
        self.say(push=name, at=at)
        return int(self.hear())

    def begin(self, **how: float) -> None:
        """Begins a publication; ``kill``: seconds after which it is killed."""
        self.say(**how)

    def end(self) -> Any:
        """How it ended; None: it was killed."""
        return json.loads(self.hear())

    def publish(self) -> Any:
        self.begin()
        return self.end()


Start = Callable[[str], Publisher]


@pytest.fixture
def options(s3: S3) -> PublicationOptions:
    return s3.options().model_copy(update={"keep": 1000})


@pytest.fixture
def start(options: PublicationOptions, tmp_path: Path) -> Iterator[Start]:
    """Starts a publisher of a name."""
    made = []

    def begin(name: str) -> Publisher:
        made.append(Publisher(tmp_path / name, options))
        return made[-1]

    yield begin
    for publisher in made:
        publisher.process.kill()


@pytest.fixture
def reader(options: PublicationOptions, s3: S3, tmp_path: Path) -> Iterator[set[str | None]]:
    """Follows the store all the time; the pairs that it served. Whatever is no whole pair fails the test."""
    root, ending, wrong = tmp_path / "reader", threading.Event(), []
    served: set[str | None] = set()
    follower = Follower(root, ObjectStore(options))

    def follow() -> None:
        while not ending.is_set():
            follower.refresh()
            if follower.failure and "nothing was published" not in follower.failure:
                wrong.append(follower.failure)
            try:
                served.add(serving_pair(root))
            except (AssertionError, OSError, ValueError) as error:
                wrong.append(repr(error))
            # Some twenty looks a second: without a pause it would take the server from those who publish.
            time.sleep(0.05)

    thread = threading.Thread(target=follow)
    thread.start()
    yield served
    ending.set()
    thread.join()
    assert wrong == []


@pytest.mark.parametrize("kills", KILLS)
def test_killed_at_random_the_store_shows_whole_pairs_and_the_next_publication_succeeds(
    options: PublicationOptions, start: Start, reader: set[str | None], tmp_path: Path, kills: int
) -> None:
    store, publisher, chance = ObjectStore(options), start("shop"), random.Random(26)
    publisher.push("p0", 0)
    begun = time.monotonic()
    assert publisher.publish()["ours"]
    usual = time.monotonic() - begun
    killed, outcomes = 0, set()
    names = {0: "p0"}
    while killed < kills:
        before = pointer(store).shown.stable
        name = f"p{len(names)}"
        version = publisher.push(name, len(names))
        names[version] = name
        publisher.begin(kill=chance.uniform(0, usual))
        killed += publisher.end() is None
        found = pointer(store)
        assert found.shown.stable in (before, version)
        outcomes.add(found.shown.stable == version)
        assert all(whole(store, entry.version) for entry in found.pairs[-3:])
        if chance.random() < 0.5:
            assert publisher.publish()["ours"] and pointer(store).shown.stable == version
    assert publisher.publish()["ours"]
    found = pointer(store)
    assert found.shown.stable == max(names) and all(whole(store, entry.version) for entry in found.pairs)
    assert False in outcomes and reader <= {None, *names.values()}
    # All that was left is told, and nothing of it is named.
    named = {entry.place for entry in found.pairs}
    left = {listed.key.split("/")[1] for listed in store.listed("pairs")} - named
    assert named.isdisjoint(left) and len(left) <= killed


@pytest.mark.nightly
def test_two_at_once_show_the_later_change_and_lose_no_pair(
    options: PublicationOptions, start: Start, reader: set[str | None]
) -> None:
    store = ObjectStore(options)
    left, right = start("left"), start("right")
    known: set[int] = set()
    for i in range(ROUNDS):
        versions = [
            left.push(f"left{i}", 10 * i + 10 + i % 2),
            right.push(f"right{i}", 10 * i + 10 + (i + 1) % 2),
        ]
        known.update(versions)
        for publisher in (left, right):
            publisher.begin()
        said = [publisher.end() for publisher in (left, right)]
        found = pointer(store)
        # Each wrote the pointer once, and neither over the other.
        assert {answer["sequence"] for answer in said} == {2 * i + 1, 2 * i + 2}
        assert found.sequence == 2 * i + 2
        later = versions.index(max(versions))
        assert said[later]["ours"] and found.shown.stable == versions[later]
        assert {entry.version for entry in found.pairs} == known
        assert all(whole(store, version) for version in versions)
    assert reader <= {None, *(f"{name}{i}" for name in ("left", "right") for i in range(ROUNDS))}
