"""Pushes, roll-backs and promotions, in any order."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.models import MODELS
from serving.directory import changing, pushing
from serving.directory.layout import (
    CARD_FILE,
    EXTRA,
    ServingError,
    hold,
    read_history,
    read_manifest,
    read_state,
    stable_version,
)
from serving.directory.pushing import CANARY, EARLIER, STABLE, WITHDRAWN, Pushed, push, stage_of
from serving.directory.switching import promote, roll_back, set_base_path, verify
from tests.serving.pairs import make_pair, serving_pair


class Place:
    """A serving directory, and pairs to push into it."""

    def __init__(self, folder: Path, keep: int = 3) -> None:
        self.root, self._pairs, self.keep, self._made = folder / "serving", folder / "pairs", keep, 0

    def push(self, name: str = "", *, canary: bool = False, at: float = 0.0) -> Pushed:
        self._made += 1
        name = name or f"pair{self._made}"
        place = self._pairs / name
        sources = {m: place / m for m in MODELS} if place.exists() else make_pair(self._pairs, name, 20)
        return push(self.root, sources, {"name": name}, keep=self.keep, canary=canary, clock=lambda: at)

    def files(self) -> set[int]:
        return {int(path.name) for path in (self.root / ".pairs").iterdir()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_nothing_was_pushed_yet(tmp_path: Path) -> None:
    assert read_state(tmp_path / "none").stable is None
    with pytest.raises(ServingError, match="run the pipeline"):
        stable_version(tmp_path / "none")


@given(st.lists(st.floats(0, 2e9), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_versions_rise_whatever_the_clock_says(
    tmp_path_factory: pytest.TempPathFactory, times: list[float]
) -> None:
    place = Place(tmp_path_factory.mktemp("clock"))
    versions = [place.push(at=at).version for at in times]
    assert versions == sorted(set(versions))
    assert versions[0] == max(1, int(times[0]))
    assert all(version >= int(at) for version, at in zip(versions, times, strict=True))


def test_the_same_pair_is_pushed_once(place: Place) -> None:
    first = place.push("a")
    again = place.push("a")
    assert (first.new, again.new, again.version, again.stage) == (True, False, first.version, STABLE)
    assert read_state(place.root).sequence == 1
    second = place.push("b")
    assert place.push("a") == Pushed(first.version, EARLIER, False, first.pushed_at)
    assert serving_pair(place.root) == "b"
    roll_back(place.root, None, "test")
    assert place.push("b") == Pushed(second.version, WITHDRAWN, False, second.pushed_at)
    assert serving_pair(place.root) == "a"


def test_the_last_versions_stay_and_the_others_go(place: Place) -> None:
    versions = [place.push().version for _ in range(6)]
    assert place.files() == set(versions[-place.keep :]) == set(read_state(place.root).versions)
    assert not list(place.root.glob(".draft-*"))


def test_what_was_shown_goes_once_nobody_can_be_listing_it(place: Place) -> None:
    for _ in range(3):
        place.push()
    states = place.root / ".states"
    assert len(list(states.iterdir())) == 3
    for folder in states.iterdir():
        os.utime(folder, (0, 0))
    place.push()
    assert len(list(states.iterdir())) == 2


def test_a_pair_that_a_process_reads_stays_until_it_is_let_go(place: Place) -> None:
    first = place.push().version
    with hold(place.root, first):
        for _ in range(5):
            place.push()
        assert first in place.files() and first not in read_state(place.root).kept
    place.push()
    assert first not in place.files()
    with pytest.raises(ServingError, match="removed"):
        hold(place.root, first)


def test_what_is_in_use_is_never_removed(place: Place) -> None:
    stable = place.push().version
    for _ in range(6):
        place.push(canary=True)
    state = read_state(place.root)
    assert state.stable == stable in place.files() and state.canary == state.last_version
    assert len(place.files()) == 2 + place.keep


def test_a_canary_is_tried_promoted_or_withdrawn(place: Place) -> None:
    first = place.push(canary=True)
    assert first.stage == STABLE, "the first pair has nobody to be tried beside"
    second = place.push(canary=True)
    assert second.stage == CANARY and serving_pair(place.root) == "pair2"
    assert promote(place.root, "me")[1].stable == second.version
    third = place.push(canary=True)
    before, now = roll_back(place.root, None, "me", "too dear")
    assert (before.canary, now.canary, now.stable) == (third.version, None, second.version)
    assert now.withdrawn == (third.version,)
    with pytest.raises(ServingError, match="no canary"):
        promote(place.root, "me")
    assert [(r["action"], r["by"], r["reason"]) for r in read_history(place.root)][-1] == (
        "rollback",
        "me",
        "too dear",
    )


def test_nobody_is_rolled_back_to_a_canary_that_never_served(place: Place) -> None:
    first = place.push().version
    tried = place.push(canary=True).version
    third = place.push().version
    assert read_state(place.root).untried == (tried,)
    _, now = roll_back(place.root, None, "me")
    assert now.stable == first and now.withdrawn == (tried, third), "a higher number would be taken"


def test_rolled_back_and_forth(place: Place) -> None:
    a, b, c = (place.push().version for _ in range(3))
    assert roll_back(place.root, None, "me")[1].stable == b
    assert roll_back(place.root, None, "me")[1].stable == a
    with pytest.raises(ServingError, match="no earlier version"):
        roll_back(place.root, None, "me")
    _, now = roll_back(place.root, c, "me")
    assert (now.stable, now.versions) == (c, (c,)) or now.versions == (a, c)
    before, same = roll_back(place.root, c, "me")
    assert before == same
    with pytest.raises(ServingError, match=f"kept are: {a}, {b}, {c}"):
        roll_back(place.root, 17, "me")
    assert place.push().version > c


def test_a_damaged_version_is_not_rolled_back_to(place: Place) -> None:
    first = place.push().version
    place.push()
    verify(place.root, first)
    (place.root / ".pairs" / str(first) / MODELS[0] / "saved_model.pb").write_text("?")
    with pytest.raises(
        ServingError, match=r"1 file\(s\) are not as they were pushed, such as demand_forecasting/saved"
    ):
        roll_back(place.root, None, "me")
    assert serving_pair(place.root) == "pair2"


def test_models_of_two_runs_are_no_pair(tmp_path: Path, place: Place) -> None:
    a, b = (make_pair(tmp_path / "p", name) for name in "ab")
    with pytest.raises(ServingError, match="different transform graphs"):
        push(place.root, {MODELS[0]: a[MODELS[0]], MODELS[1]: b[MODELS[1]]}, {}, keep=2)
    with pytest.raises(ServingError, match="holds a model called replenishment_optimization"):
        push(place.root, {MODELS[0]: a[MODELS[1]], MODELS[1]: a[MODELS[0]]}, {}, keep=2)
    (a[MODELS[0]] / EXTRA / CARD_FILE).unlink()
    with pytest.raises(ServingError, match="train the model again"):
        push(place.root, a, {}, keep=2)
    assert read_state(place.root).stable is None


def test_a_copy_that_differs_is_not_pushed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(source: Path, target: Path) -> None:
        shutil.copytree(source, target)
        (target / "saved_model.pb").write_text("a bit fell over")

    place.push()
    monkeypatch.setattr(pushing, "copy_tree", wrong)
    with pytest.raises(ServingError, match=r"2 file\(s\) differ"):
        place.push()
    assert serving_pair(place.root) == "pair1" and not list(place.root.glob(".draft-*"))


def test_a_folder_that_others_wrote_is_left_alone(tmp_path: Path, place: Place) -> None:
    (place.root / MODELS[0] / "1").mkdir(parents=True)
    with pytest.raises(ServingError, match=r"move .* aside"):
        place.push()
    assert sorted(path.name for path in place.root.iterdir()) == [".lock", ".pairs", ".states", MODELS[0]]


def test_what_the_system_refuses_is_told(place: Place) -> None:
    place.push()
    place.push()
    (place.root / ".lock").unlink()
    (place.root / ".lock").mkdir()
    for change in (lambda: roll_back(place.root, None, "me"), place.push):
        with pytest.raises(ServingError, match=r"cannot be written .* serves on"):
            change()
    assert serving_pair(place.root) == "pair2"


def test_a_damaged_state_is_told(place: Place) -> None:
    place.push()
    (place.root / "current" / "pair.json").write_text("{")
    with pytest.raises(ServingError, match=r"pair\.json: cannot be read"):
        read_state(place.root)


def test_the_manifest_tells_what_was_pushed(place: Place) -> None:
    version = place.push("a").version
    manifest = read_manifest(place.root, version)
    assert manifest["facts"] == {"name": "a"} and manifest["transform_graph"] == "graph of a"
    folder = place.root / ".pairs" / str(version)
    files = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert set(manifest["files"]) == files - {"manifest.json"}
    assert manifest["pushed_at"] == "1970-01-01T00:00:00+00:00"
    pair = json.loads((place.root / "pair.json").read_text())
    assert pair["stable"] == version and pair["models"] == list(MODELS)


def test_the_history_has_an_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "_REMEMBERED", 3)
    for _ in range(5):
        place.push()
    assert [record["stable"] for record in read_history(place.root)] == [3, 4, 5]


@given(
    st.lists(st.sampled_from(["push", "canary", "back", "to", "promote", "config"]), max_size=14),
    st.randoms(),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_done_one_whole_pair_serves(
    tmp_path_factory: pytest.TempPathFactory, actions: list[str], random: Random
) -> None:
    place = Place(tmp_path_factory.mktemp("any"), keep=2)
    name_of: dict[int, str] = {}
    served: set[int] = set()
    highest = 0
    for i, action in enumerate(["push", *actions]):
        before = read_state(place.root)
        try:
            if action in ("push", "canary"):
                version = place.push(f"n{i}", canary=action == "canary").version
                assert version > highest
                name_of[version], highest = f"n{i}", version
            elif action == "promote":
                promote(place.root, "test")
            elif action == "config":
                set_base_path(place.root, f"/models{i % 2}", "test")
            else:
                target = random.choice(before.kept) if action == "to" else None
                roll_back(place.root, target, "test")
        except ServingError:
            assert read_state(place.root) == before
        state = read_state(place.root)
        assert state.stable is not None
        served.add(state.stable)
        assert not set(state.versions) & set(state.withdrawn)
        assert {state.stable, state.canary or state.stable} <= set(state.versions)
        assert state.canary is None or state.canary == max(state.versions) > state.stable
        assert max(state.versions) in (state.stable, state.canary), (
            "TensorFlow Serving would take another one"
        )
        assert set(state.untried) == {v for v in state.versions if v not in served and v != state.canary}
        assert set(state.kept) <= place.files()
        assert serving_pair(place.root) == name_of[max(state.versions)]
        for version in state.kept:
            verify(place.root, version)
            assert stage_of(state, version) != WITHDRAWN or version in state.withdrawn
