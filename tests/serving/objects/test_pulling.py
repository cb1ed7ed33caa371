"""A serving directory that follows a store: whole pairs only, whatever the store holds."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest

from contracts.errors import SystemFault
from contracts.models import MODELS, WATCH
from serving.directory.layout import (
    PAIRS,
    ServingError,
    State,
    model_folder,
    read_history,
    read_state,
)
from serving.directory.pushing import push
from serving.directory.switching import promote, roll_back, set_base_path
from serving.objects.following import Follower
from serving.objects.layout import CURRENT, digest, key_of, manifest_key
from serving.objects.pulling import pull
from serving.objects.store import ObjectStore
from tests.serving.objects.s3 import S3
from tests.serving.objects.test_publishing import pointer, published, pushed
from tests.serving.pairs import listing, make_pair, make_watch, serving_pair


def pulled(folder: Path, store: ObjectStore) -> State:
    return pull(folder / "follower", store).now


def test_it_follows_pushes_roll_backs_and_promotions(tmp_path: Path, store: ObjectStore) -> None:
    follower = tmp_path / "follower"
    first = pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    assert pulled(tmp_path, store).stable == first and serving_pair(follower) == "a"
    second = pushed(tmp_path, "b", 20, canary=True)
    published(tmp_path, store)
    state = pulled(tmp_path, store)
    assert (state.stable, state.canary, state.versions) == (first, second, (first, second))
    promote(tmp_path / "serving", "me", "better", clock=lambda: 30)
    published(tmp_path, store)
    assert pulled(tmp_path, store).stable == second and listing(follower) == [[str(second)]] * 2
    roll_back(tmp_path / "serving", first, "me", "sells out", clock=lambda: 40)
    published(tmp_path, store)
    assert pulled(tmp_path, store).stable == first and serving_pair(follower) == "a"
    last = read_history(follower)[-1]
    assert last["action"] == "pull" and last["by"] == "me"
    assert last["reason"] == "rollback of 1970-01-01T00:00:40+00:00: sells out"


@pytest.mark.nightly
def test_a_way_back_costs_no_download(tmp_path: Path, server: S3, store: ObjectStore) -> None:
    for name, at in (("a", 10), ("b", 20)):
        pushed(tmp_path, name, at)
        published(tmp_path, store)
        pulled(tmp_path, store)
    roll_back(tmp_path / "serving", None, "me", clock=lambda: 30)
    published(tmp_path, store)
    server.seen()
    pulled(tmp_path, store)
    assert [line.rsplit("/", 1)[-1] for line in server.seen()] == [CURRENT]


def test_twice_is_once(tmp_path: Path, store: ObjectStore) -> None:
    pushed(tmp_path, "a")
    published(tmp_path, store)
    first = pull(tmp_path / "follower", store)
    assert pull(tmp_path / "follower", store).now == first.now
    assert pull(tmp_path / "follower", store, first.tag).now == first.now
    assert len(read_history(tmp_path / "follower")) == 1


def test_a_demand_watch_comes_along(tmp_path: Path, store: ObjectStore) -> None:
    pair = make_pair(tmp_path, "w") | {WATCH: make_watch(tmp_path, "w", "watch")}
    version = push(tmp_path / "serving", pair, {}, keep=3).version
    published(tmp_path, store)
    pulled(tmp_path, store)
    file = model_folder(tmp_path / "follower", version, WATCH) / "saved_model.pb"
    assert file.read_text() == "watch\n"


@pytest.mark.nightly
def test_tensorflow_servings_configuration_follows_too(tmp_path: Path, store: ObjectStore) -> None:
    for name, at in (("a", 10), ("b", 20)):
        version = pushed(tmp_path, name, at)
        published(tmp_path, store)
        pulled(tmp_path, store)
        set_base_path(tmp_path / "follower", "/models", "me")
        config = (tmp_path / "follower" / "models.config").read_text()
        assert config.count(f"specific {{ versions: {version} }}") == len(MODELS)


@pytest.mark.parametrize(
    "damage",
    [b"trunca", None, *(pytest.param(some, marks=pytest.mark.nightly) for some in (b"", b"else" * 1000))],
)
def test_a_damaged_file_is_told_and_what_served_serves_on(
    tmp_path: Path, store: ObjectStore, damage: bytes | None
) -> None:
    pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    before = pulled(tmp_path, store)
    version = pushed(tmp_path, "b", 20)
    published(tmp_path, store)
    entry = pointer(store).entry(version)
    assert entry is not None
    key = key_of(entry.place, f"{MODELS[0]}/saved_model.pb")
    if damage is None:
        store.remove([key])
        message = "lacks an object that it should have"
    else:
        store.write(key, damage)
        message = (
            f"such as {MODELS[0]}/saved_model.pb; what served before serves on. Call 'retail-inventory publ"
        )
    with pytest.raises(Exception, match=message):
        pulled(tmp_path, store)
    assert read_state(tmp_path / "follower") == before and serving_pair(tmp_path / "follower") == "a"
    assert not list((tmp_path / "follower").glob(".draft-*"))
    published(tmp_path, store, again=True)
    assert pulled(tmp_path, store).stable == version and serving_pair(tmp_path / "follower") == "b"


def test_a_manifest_that_is_another_is_not_followed(tmp_path: Path, store: ObjectStore) -> None:
    version = pushed(tmp_path, "a")
    published(tmp_path, store)
    entry = pointer(store).entry(version)
    assert entry is not None
    for content in (b"{}", None):
        if content is None:
            store.remove([manifest_key(entry.place)])
        else:
            store.write(manifest_key(entry.place), content)
        with pytest.raises(ServingError, match=r"not as it was published, such as manifest\.json"):
            pulled(tmp_path, store)


def test_a_manifest_leads_to_no_file_outside_of_its_pair(tmp_path: Path, store: ObjectStore) -> None:
    version = pushed(tmp_path, "a")
    published(tmp_path, store)
    found = pointer(store)
    entry = found.entry(version)
    assert entry is not None
    manifest = store.read(manifest_key(entry.place))
    assert manifest is not None
    for name in ("../../escaped", "/tmp/escaped", "a//b"):
        content = json.dumps(
            {**json.loads(manifest.content), "files": {name: {"size": 1, "sha256": ""}}}
        ).encode()
        store.write(manifest_key(entry.place), content)
        other = entry.model_copy(update={"manifest": digest(content)})
        store.write(CURRENT, found.model_copy(update={"pairs": (other,)}).content())
        with pytest.raises(ServingError, match="none of this program's"):
            pulled(tmp_path, store)
    assert not list(tmp_path.rglob("escaped"))


def test_where_nothing_was_published(tmp_path: Path, store: ObjectStore) -> None:
    with pytest.raises(ServingError, match="nothing was published there yet"):
        pulled(tmp_path, store)
    assert not (tmp_path / "follower").exists()


def test_a_pulled_file_that_was_damaged_here_is_told(tmp_path: Path, store: ObjectStore) -> None:
    version = pushed(tmp_path, "a")
    published(tmp_path, store)
    pulled(tmp_path, store)
    (model_folder(tmp_path / "follower", version, MODELS[0]) / "saved_model.pb").write_text("else")
    with pytest.raises(ServingError, match="stop the service, remove that folder, and it is pulled anew"):
        pulled(tmp_path, store)
    shutil.rmtree(tmp_path / "follower")
    pulled(tmp_path, store)
    assert serving_pair(tmp_path / "follower") == "a"


def test_what_nobody_foresaw_does_not_end_the_looking(
    tmp_path: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    pushed(tmp_path, "a")
    published(tmp_path, store)
    follower = Follower(tmp_path / "follower", store)
    with monkeypatch.context() as patched:
        patched.setattr(ObjectStore, "chunks", lambda *_: 1 / 0)
        assert follower.refresh() is None
        assert follower.failure == "ZeroDivisionError: division by zero"
    assert follower.refresh() is not None and follower.failure == ""


@pytest.mark.nightly
def test_nobodys_own_pushes_are_undone(tmp_path: Path, store: ObjectStore) -> None:
    pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    pulled(tmp_path, store)
    push(tmp_path / "follower", make_pair(tmp_path, "own"), {}, keep=3)
    pushed(tmp_path, "b", 20)
    published(tmp_path, store)
    with pytest.raises(ServingError, match=r"was changed here last .*give another --workspace"):
        pulled(tmp_path, store)
    assert serving_pair(tmp_path / "follower") == "own"


@pytest.mark.nightly
def test_a_pair_of_the_same_number_from_elsewhere_is_told(tmp_path: Path, s3: S3) -> None:
    for name in ("a", "b"):
        store = s3.store()
        pushed(tmp_path / name, name, 10)
        published(tmp_path / name, store)
        if name == "a":
            pulled(tmp_path, store)
    with pytest.raises(ServingError, match="another pair of the number 10, pulled from elsewhere"):
        pulled(tmp_path, store)
    assert serving_pair(tmp_path / "follower") == "a"


def test_a_follower_goes_on_without_its_store_and_says_so_once(
    tmp_path: Path, server: S3, store: ObjectStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "retail_inventory.serving")
    pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    follower = Follower(tmp_path / "follower", store)
    assert follower.refresh() is not None and follower.refresh() is None
    assert follower.seen_at is not None and follower.pause(2) == 2
    server.fail(0, "hang up")
    assert follower.refresh() is None and follower.refresh() is None
    assert "does not answer" in follower.failure and follower.pause(2) == 8
    assert serving_pair(tmp_path / "follower") == "a"
    server.fail(0, "none")
    version = pushed(tmp_path, "b", 20)
    published(tmp_path, store)
    state = follower.refresh()
    assert state is not None and state.stable == version and follower.failure == ""
    said = [record.levelname for record in caplog.records if record.name == "retail_inventory.serving"]
    assert said == ["ERROR", "INFO"]


@pytest.mark.nightly
def test_a_server_that_goes_away_in_a_download_leaves_what_served(
    tmp_path: Path, server: S3, store: ObjectStore
) -> None:
    pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    before = pulled(tmp_path, store)
    pushed(tmp_path, "b", 20)
    published(tmp_path, store)
    for after in (1, 5):
        server.fail(after, "hang up")
        with pytest.raises(SystemFault, match="does not answer"):
            pulled(tmp_path, store)
        server.fail(0, "none")
        assert read_state(tmp_path / "follower") == before
        assert {path.name for path in (tmp_path / "follower" / PAIRS).iterdir()} == {str(before.stable)}
    pulled(tmp_path, store)
    assert serving_pair(tmp_path / "follower") == "b"
