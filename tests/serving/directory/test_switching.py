"""What becomes of a canary: promoted or withdrawn, that one and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.directory.layout import ServingError, read_history, read_state
from serving.directory.pushing import CANARY, WITHDRAWN, push, stage_of
from serving.directory.switching import promote, roll_back, withdraw
from tests.serving.pairs import make_pair


def pushed(folder: Path, name: str) -> int:
    return push(folder / "serving", make_pair(folder / "pairs", name, 20), {}, keep=3, canary=True).version


def test_a_newer_canary_takes_the_place_of_an_undecided_one_and_says_so(tmp_path: Path) -> None:
    stable, first = pushed(tmp_path, "a"), pushed(tmp_path, "b")
    sources = make_pair(tmp_path / "pairs", "c", 20)
    second = push(tmp_path / "serving", sources, {}, keep=3, canary=True)
    assert (second.stage, second.replaced) == (CANARY, first)
    state, newest = read_state(tmp_path / "serving"), read_history(tmp_path / "serving")[-1]
    assert (state.stable, state.canary) == (stable, second.version)
    assert newest["reason"] == f"in the place of canary {first}, which was not decided upon"


@pytest.mark.parametrize("change", [promote, withdraw])
def test_a_canary_that_was_pushed_meanwhile_is_not_decided_upon(tmp_path: Path, change: object) -> None:
    assert callable(change)
    root = tmp_path / "serving"
    _, first, second = (pushed(tmp_path, name) for name in "abc")
    before = read_state(root)
    with pytest.raises(ServingError, match=f"version {first} is the canary no longer, version {second} is"):
        change(root, "me", only=first)
    assert read_state(root) == before
    assert change(root, "me", only=second)[1].canary is None


def test_a_withdrawn_canary_is_kept_unseen_and_what_served_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "serving"
    stable, tried = pushed(tmp_path, "a"), pushed(tmp_path, "b")
    before, now = withdraw(root, "me", "too dear", only=tried)
    assert (before.canary, now.canary, now.stable, now.versions) == (tried, None, stable, (stable,))
    assert stage_of(now, tried) == WITHDRAWN
    newest = read_history(root)[-1]
    assert (newest["action"], newest["reason"]) == ("withdraw", "too dear")
    with pytest.raises(ServingError, match="no canary"):
        withdraw(root, "me")
    assert roll_back(root, tried, "me")[1].stable == tried, "a person may have it all the same"
