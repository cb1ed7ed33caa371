"""What killed publications leave, and who may take it away when."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.errors import UserError
from serving.objects.collecting import collect
from serving.objects.layout import CURRENT, manifest_key
from serving.objects.probing import prove
from serving.objects.publishing import publish, upload
from serving.objects.store import ObjectStore
from tests.serving.objects.s3 import S3
from tests.serving.objects.test_publishing import pointer, published, pushed, whole

GRACE = timedelta(hours=2)


def in_hours(hours: float) -> float:
    return time.time() + 3600 * hours


def test_what_a_killed_publication_left_goes_once_its_time_is_over(
    tmp_path: Path, store: ObjectStore
) -> None:
    shown = pushed(tmp_path, "a", 10)
    published(tmp_path, store)
    left = upload(tmp_path / "serving", store, pushed(tmp_path, "b", 20))
    store.write("probes/left", b"")
    for hours in (0, 1.9):
        found = collect(store, GRACE, lambda hours=hours: in_hours(hours))  # type: ignore[misc]
        assert (found.removed, found.waiting) == ((), (left.place,))
    found = collect(store, GRACE, lambda: in_hours(2.1))
    assert (found.removed, found.waiting) == ((left.place,), ()) and found.size > 6000
    assert store.listed("probes") == []
    places = {found.key.split("/")[1] for found in store.listed("pairs")}
    assert places == {pointer(store).entry(shown).place} and whole(store, shown)  # type: ignore[union-attr]


@pytest.mark.nightly
def test_what_is_no_longer_kept_stays_as_long_from_then_on(tmp_path: Path, store: ObjectStore) -> None:
    for i in range(3):
        pushed(tmp_path, f"p{i}", 10 * i)
        published(tmp_path, store, keep=1)
    (place,) = pointer(store).dropped
    assert collect(store, GRACE, lambda: in_hours(1.9)).waiting == (place,)
    assert collect(store, GRACE, lambda: in_hours(2.1)).removed == (place,)
    assert store.read(manifest_key(place)) is None


def test_an_upload_that_outlasts_half_of_it_is_not_shown(tmp_path: Path, store: ObjectStore) -> None:
    pushed(tmp_path, "a")
    hours = iter((0, 1.1))
    with pytest.raises(Exception, match="the upload took 1:06:00"):
        publish(tmp_path / "serving", store, keep=3, grace=GRACE, clock=lambda: 1e9 + 3600 * next(hours))
    assert store.read(CURRENT) is None


def test_a_store_that_ignores_conditions_is_found_out(tmp_path: Path, s3: S3) -> None:
    careless = S3("--ignore-conditions")
    try:
        store = careless.store()
        with pytest.raises(UserError, match="ignores the conditions of a write"):
            prove(store)
        pushed(tmp_path, "a")
        with pytest.raises(UserError, match="ignores the conditions of a write"):
            published(tmp_path, store)
        assert store.listed("") == []
    finally:
        careless.kill()


def test_a_store_that_keeps_them_is_left_as_it_was(store: ObjectStore) -> None:
    prove(store)
    assert store.listed("") == []


def test_of_two_writers_the_slower_writes_nothing(store: ObjectStore) -> None:
    assert store.create(CURRENT, b"one") and not store.create(CURRENT, b"two")
    found = store.read(CURRENT)
    assert found is not None and store.replace(CURRENT, b"three", found.tag)
    assert not store.replace(CURRENT, b"four", found.tag)
    now = store.read(CURRENT)
    assert now is not None and now.content == b"three"
