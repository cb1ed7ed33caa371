"""A demand watch in the version of its pair."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from contracts.models import WATCH, Stage
from serving.directory.layout import ServingError, model_folder, read_state
from serving.directory.pushing import CANARY, STABLE, WITHDRAWN, Pushed, push
from serving.directory.switching import roll_back, verify
from tests.serving.pairs import make_pair, make_watch, serving_pair


def test_a_watch_goes_with_its_pair_and_readers_see_two_models(tmp_path: Path) -> None:
    root, pair = tmp_path / "serving", make_pair(tmp_path, "a")
    pushed = push(root, pair | {WATCH: make_watch(tmp_path, "a", "w")}, {}, keep=3)
    folder = model_folder(root, pushed.version, WATCH)
    assert (folder / "saved_model.pb").read_text() == "w\n"
    assert serving_pair(root) == "a" and not (root / "current" / WATCH).exists()
    verify(root, pushed.version)
    (folder / "saved_model.pb").write_text("other\n")
    with pytest.raises(ServingError, match=f"{WATCH}/saved_model.pb"):
        verify(root, pushed.version)


def test_another_watch_of_the_pair_that_serves_is_one_more_version_and_brings_no_other_back(
    tmp_path: Path,
) -> None:
    root = tmp_path / "serving"
    pairs = {name: make_pair(tmp_path, name) for name in "ab"}
    watches = {name: make_watch(tmp_path, "a", name) for name in ("w1", "w2")}

    def pushed(pair: str, watch: str = "") -> Pushed:
        return push(root, pairs[pair] | ({WATCH: watches[watch]} if watch else {}), {}, keep=5)

    bare = pushed("a")
    first = pushed("a", "w1")
    assert first.new and first.version > bare.version and serving_pair(root) == "a"
    # The same again, and the pair whose watch was refused this time, are there already.
    assert [pushed("a", "w1"), pushed("a")] == [Pushed(first.version, STABLE, False, first.pushed_at)] * 2
    second = pushed("a", "w2")
    assert second.new and second.version > first.version
    roll_back(root, bare.version, "test")
    assert pushed("a", "w2").stage == WITHDRAWN
    pushed("b")
    assert not pushed("a", "w1").new and serving_pair(root) == "b"


def test_only_what_orders_otherwise_is_tried_first(tmp_path: Path) -> None:
    root = tmp_path / "serving"
    pair, watches = make_pair(tmp_path, "a"), [make_watch(tmp_path, "a", name) for name in ("w1", "w2", "w3")]

    def stage(sources: Mapping[str, Path], policy: str) -> Stage:
        return push(root, sources, {"planning": {"policy": policy}}, keep=5, canary=True).stage

    assert stage(pair, "model") == STABLE
    # Its watch alone is new: it serves at once, as no orders could ever tell the two.
    assert stage(pair | {WATCH: watches[0]}, "model") == STABLE and serving_pair(root) == "a"
    assert stage(make_pair(tmp_path, "b"), "model") == CANARY
    # As ever, what is new takes the place of what is not decided upon.
    assert stage(pair | {WATCH: watches[1]}, "model") == STABLE
    state = read_state(root)
    assert state.canary is None and state.stable == max(state.versions) and serving_pair(root) == "a"
    assert stage(pair | {WATCH: watches[2]}, "base_stock") == CANARY


def test_a_watch_of_another_graph_is_not_pushed(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="different transform graphs"):
        push(
            tmp_path / "serving",
            make_pair(tmp_path, "a") | {WATCH: make_watch(tmp_path, "b", "w")},
            {},
            keep=3,
        )
