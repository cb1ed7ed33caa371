"""What a store shows once a serving directory was published to it, and what is said where it cannot be."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.errors import SystemFault, UserError
from contracts.models import MODELS
from serving.directory.layout import MANIFEST_FILE, ServingError, model_folder
from serving.directory.pushing import push
from serving.directory.switching import promote, roll_back, set_base_path
from serving.objects.layout import CURRENT, Pointer, digest, key_of, manifest_key, read_pointer
from serving.objects.options import PublicationOptions
from serving.objects.publishing import Published, publish
from serving.objects.store import ObjectStore
from tests.serving.objects.s3 import S3
from tests.serving.pairs import make_pair

GRACE = timedelta(hours=24)


def pushed(folder: Path, name: str, at: float = 0, *, canary: bool = False) -> int:
    """Version of a new pair in the serving directory of a folder."""
    root = folder / "serving"
    return push(root, make_pair(folder, name), {}, keep=9, canary=canary, clock=lambda: at).version


def published(folder: Path, store: ObjectStore, *, keep: int = 9, again: bool = False) -> Published:
    return publish(folder / "serving", store, keep=keep, grace=GRACE, again=again)


def pointer(store: ObjectStore) -> Pointer:
    found = store.read(CURRENT)
    assert found is not None
    return read_pointer(found.content, store)


def whole(store: ObjectStore, version: int) -> bool:
    """Whether all files of a pair are as its manifest says, and that as the pointer says."""
    entry = pointer(store).entry(version)
    assert entry is not None
    manifest = store.read(manifest_key(entry.place))
    if manifest is None or digest(manifest.content) != entry.manifest:
        return False
    files = json.loads(manifest.content)["files"]
    return all(
        digest(b"".join(store.chunks(key_of(entry.place, name)))) == sums["sha256"]
        for name, sums in files.items()
    )


def test_the_store_shows_what_the_directory_shows_change_by_change(
    tmp_path: Path, store: ObjectStore
) -> None:
    first = pushed(tmp_path, "a", 10)
    assert published(tmp_path, store).uploaded == (first,)
    assert (pointer(store).shown.stable, pointer(store).shown.canary) == (first, None)
    second = pushed(tmp_path, "b", 20, canary=True)
    published(tmp_path, store)
    assert (pointer(store).shown.stable, pointer(store).shown.canary) == (first, second)
    promote(tmp_path / "serving", "me", "better", clock=lambda: 30)
    assert published(tmp_path, store).uploaded == ()
    roll_back(tmp_path / "serving", first, "me", "sells out", clock=lambda: 40)
    done = published(tmp_path, store)
    shown = pointer(store).shown
    assert done.ours and shown == done.shown
    assert (shown.stable, shown.canary, shown.action, shown.by, shown.reason) == (
        first, None, "rollback", "me", "sells out",
    )  # fmt: skip
    assert pointer(store).sequence == done.sequence == 4
    assert all(whole(store, version) for version in (first, second))


def test_twice_is_once(tmp_path: Path, store: ObjectStore) -> None:
    pushed(tmp_path, "a")
    published(tmp_path, store)
    before = store.read(CURRENT)
    done = published(tmp_path, store)
    assert (done.ours, done.uploaded) == (True, ()) and store.read(CURRENT) == before


def test_files_come_before_the_manifest_and_that_before_the_pointer(
    tmp_path: Path, server: S3, store: ObjectStore
) -> None:
    pushed(tmp_path, "a")
    server.seen()
    published(tmp_path, store)
    puts = [line for line in server.seen() if line.startswith("PUT") and "/probes/" not in line]
    names = [line.rsplit("/", 1)[-1] for line in puts]
    assert names[-2:] == [MANIFEST_FILE, CURRENT] and MANIFEST_FILE not in names[:-2] and len(names) > 8


def test_what_is_not_kept_is_dropped_and_stays_for_readers_who_take_it(
    tmp_path: Path, store: ObjectStore
) -> None:
    versions = []
    for i in range(4):
        versions.append(pushed(tmp_path, f"p{i}", 10 * i))
        published(tmp_path, store, keep=1)
    found = pointer(store)
    assert [entry.version for entry in found.pairs] == versions[2:]
    assert sorted(place.split("-")[0] for place in found.dropped) == [str(v) for v in versions[:2]]
    assert {key.key.split("/")[1] for key in store.listed("pairs")} == {
        *(entry.place for entry in found.pairs),
        *found.dropped,
    }


def test_the_later_of_two_directories_changes_is_shown_in_whichever_order_they_come(
    tmp_path: Path, s3: S3
) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    early, late = pushed(a, "early", 100), pushed(b, "late", 101)
    for order in ((a, b), (b, a)):
        store = s3.store()
        ours = [published(folder, store).ours for folder in order]
        assert ours == [True, order == (a, b)]
        found = pointer(store)
        assert found.shown.stable == late and [entry.version for entry in found.pairs] == [early, late]
        assert whole(store, early) and whole(store, late)


@pytest.mark.nightly
def test_a_change_of_something_else_makes_nothing_later(tmp_path: Path, store: ObjectStore) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    pushed(a, "early", 100)
    late = pushed(b, "late", 101)
    published(b, store)
    set_base_path(a / "serving", "/models", "me", clock=lambda: 200)
    assert not published(a, store).ours and pointer(store).shown.stable == late


def test_another_pair_of_the_same_number_is_refused(tmp_path: Path, store: ObjectStore) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    assert pushed(a, "one", 100) == pushed(b, "other", 100)
    published(a, store)
    before = store.read(CURRENT)
    with pytest.raises(ServingError, match="another pair of the number 100"):
        published(b, store)
    assert store.read(CURRENT) == before and whole(store, 100)


class Overtaken(ObjectStore):
    """A store in which somebody else publishes just before its pointer is written for the first time."""

    def __init__(self, options: PublicationOptions, rival: Path) -> None:
        super().__init__(options)
        self.rival: Path | None = rival

    def create(self, key: str, content: bytes) -> bool:
        if key == CURRENT and self.rival is not None:
            rival, self.rival = self.rival, None
            published(rival, self)
        return super().create(key, content)


def test_who_is_overtaken_looks_anew_and_uploads_nothing_twice(tmp_path: Path, server: S3) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    late, early = pushed(a, "late", 101), pushed(b, "early", 100)
    store = Overtaken(server.options(), b)
    assert published(a, store).sequence == 2
    assert pointer(store).shown.stable == late and whole(store, early) and whole(store, late)
    assert sum(line.endswith(MANIFEST_FILE) for line in server.seen() if line.startswith("PUT")) == 2


def test_who_is_overtaken_by_another_pair_of_the_same_number_is_refused(tmp_path: Path, s3: S3) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    assert pushed(a, "one", 100) == pushed(b, "other", 100)
    store = Overtaken(s3.options(), b)
    with pytest.raises(ServingError, match="another pair of the number 100"):
        published(a, store)
    assert pointer(store).sequence == 1 and whole(store, 100)


def test_a_damaged_pair_is_not_published(tmp_path: Path, store: ObjectStore) -> None:
    version = pushed(tmp_path, "a")
    file = model_folder(tmp_path / "serving", version, MODELS[0]) / "saved_model.pb"
    file.write_text("else")
    with pytest.raises(ServingError, match="not as they were pushed"):
        published(tmp_path, store)
    assert store.read(CURRENT) is None


def test_again_puts_whole_files_in_the_place_of_damaged_ones(tmp_path: Path, store: ObjectStore) -> None:
    version = pushed(tmp_path, "a")
    published(tmp_path, store)
    entry = pointer(store).entry(version)
    assert entry is not None
    store.write(key_of(entry.place, f"{MODELS[0]}/saved_model.pb"), b"else")
    assert not whole(store, version)
    assert published(tmp_path, store).uploaded == ()
    assert published(tmp_path, store, again=True).uploaded == (version,)
    assert whole(store, version) and list(pointer(store).dropped) == [entry.place]


def test_nothing_is_published_before_the_first_push(tmp_path: Path, store: ObjectStore) -> None:
    with pytest.raises(ServingError, match="holds no pushed pair"):
        published(tmp_path, store)


@pytest.mark.nightly
def test_a_server_that_goes_away_at_any_request_leaves_what_was_shown(
    tmp_path: Path, server: S3, store: ObjectStore
) -> None:
    first = pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    second = pushed(tmp_path, "b", 20)
    server.seen()
    published(tmp_path, server.store())
    requests = len(server.seen())
    shown = set()
    for after in range(requests):
        server.fail(after, "hang up" if after % 2 else "unavailable")
        with pytest.raises(SystemFault, match=r"does not answer|failed \(503\)"):
            published(tmp_path, store)
        server.fail(0, "none")
        shown.add(pointer(store).shown.stable)
        assert all(whole(store, entry.version) for entry in pointer(store).pairs)
    assert shown == {first}
    assert published(tmp_path, store).ours and pointer(store).shown.stable == second


@pytest.mark.parametrize("lost", [1, pytest.param(25, marks=pytest.mark.nightly)])
def test_a_publication_whose_answer_is_lost_is_one_all_the_same(
    tmp_path: Path, server: S3, store: ObjectStore, lost: int
) -> None:
    pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    for i in range(1, lost + 1):
        version = pushed(tmp_path, f"b{i}", 10 + i)
        server.seen()
        published(tmp_path, server.store())
        # The last ones first: it is the pointer's own answer that is lost in the first round.
        server.fail(len(server.seen()) - i, "lose the answer")
        with pytest.raises(SystemFault, match="does not answer"):
            published(tmp_path, store)
        server.fail(0, "none")
        assert pointer(store).shown.stable == version or i > 1
        assert all(whole(store, entry.version) for entry in pointer(store).pairs)
        assert published(tmp_path, store).ours and pointer(store).shown.stable == version
        assert len({entry.version for entry in pointer(store).pairs}) == len(pointer(store).pairs)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, r"does not know who asks \(InvalidAccessKeyId\); set AWS_ACC"),
        (
            {"AWS_SECRET_ACCESS_KEY": "wrong"},
            r"does not know who asks \(SignatureDoesNotMatch\); set AWS_ACC",
        ),
    ],
)
def test_wrong_keys_are_told_without_them(
    tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], message: str
) -> None:
    pushed(tmp_path, "a")
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=message) as caught:
        published(tmp_path, s3.store())
    assert all(value not in str(caught.value) for value in [*wrong.values(), *s3.keys.values()])


def test_a_bucket_that_is_not_there(tmp_path: Path, s3: S3) -> None:
    pushed(tmp_path, "a")
    with pytest.raises(UserError, match="there is no such bucket; make it"):
        published(tmp_path, ObjectStore(s3.options("no-such-bucket")))


def test_a_damaged_pointer_is_told_and_left(tmp_path: Path, store: ObjectStore) -> None:
    pushed(tmp_path, "a")
    for content in (b"{", b"{}", b'{"format": 2}'):
        store.write(CURRENT, content)
        with pytest.raises(ServingError, match=r"current\.json: cannot be read"):
            published(tmp_path, store)
        found = store.read(CURRENT)
        assert found is not None and found.content == content
