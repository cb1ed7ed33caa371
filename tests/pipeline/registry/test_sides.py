"""What is to be changed in a registry, from both sides' state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import UserError
from contracts.models import MODELS
from pipeline.registry.sides import (
    ALIASES,
    CHALLENGER,
    CHAMPION,
    PREVIOUS,
    REMOVED,
    Directory,
    Registered,
    Registry,
    Version,
    asked,
    differences,
    missing,
    moves,
    stages,
)
from serving.directory.pushing import push
from serving.directory.switching import promote, roll_back
from tests.serving.pairs import make_pair

DEMAND, REPLENISHMENT = MODELS


def directory(
    stable: int | None, *kept: int, canary: int | None = None, previous: int | None = None
) -> Directory:
    named = {CHAMPION: stable, CHALLENGER: canary, PREVIOUS: previous}
    pairs = {*kept, *(pair for pair in named.values() if pair)}
    return Directory(
        {alias: pair for alias, pair in named.items() if pair},
        {pair: "stable" if pair == stable else "earlier" for pair in pairs},
    )


def registered(pairs: dict[str, int], told: int | None, **aliases: str) -> Registered:
    """A model's versions by number with their pairs, and its aliases."""
    return Registered({n: Version(n, pair) for n, pair in pairs.items()}, aliases, told)


def both(pairs: dict[str, int], told: int | None, **aliases: str) -> Registry:
    return dict.fromkeys(MODELS, registered(pairs, told, **aliases))


def test_what_is_in_the_directory_has_its_aliases(tmp_path: Path) -> None:
    root = tmp_path / "serving"
    assert Directory.read(root) == Directory({}, {})
    pairs = [push(root, make_pair(tmp_path, f"p{i}"), {}, keep=3).version for i in (1, 2)]
    canary = push(root, make_pair(tmp_path, "p3"), {}, keep=3, canary=True).version
    assert Directory.read(root).aliases == {CHAMPION: pairs[1], CHALLENGER: canary, PREVIOUS: pairs[0]}
    promote(root, "me")
    assert Directory.read(root).aliases == {CHAMPION: canary, PREVIOUS: pairs[1]}
    roll_back(root, pairs[0], "me")
    found = Directory.read(root)
    assert found.aliases == {CHAMPION: pairs[0]}
    assert found.stages == {pairs[0]: "stable", pairs[1]: "withdrawn", canary: "withdrawn"}


def test_previous_is_what_a_roll_back_goes_to(tmp_path: Path) -> None:
    root = tmp_path / "serving"
    for i in range(3):
        push(root, make_pair(tmp_path, f"p{i}"), {}, keep=3)
    named = Directory.read(root).aliases[PREVIOUS]
    assert roll_back(root, None, "me")[1].stable == named


def test_a_pair_lacks_what_one_model_lacks() -> None:
    registry = {DEMAND: registered({"1": 7, "2": 8}, None), REPLENISHMENT: registered({"1": 7}, None)}
    assert missing(directory(8, 7, 9), registry) == {8: [REPLENISHMENT], 9: [DEMAND, REPLENISHMENT]}


def test_a_pair_that_was_registered_twice_is_its_newest_version() -> None:
    assert registered({"9": 7, "10": 7, "11": 8}, None).number(7) == "10"


NUMBERS = st.integers(1, 6)


@st.composite
def states(draw: st.DrawFn) -> tuple[Directory, Registry]:
    kept = draw(st.sets(NUMBERS, min_size=1))
    named = {alias: draw(st.sampled_from(sorted(kept))) for alias in draw(st.sets(st.sampled_from(ALIASES)))}
    named[CHAMPION] = draw(st.sampled_from(sorted(kept)))
    registry = {}
    for model in MODELS:
        # All that is kept is registered by the time that aliases move; and much besides.
        pairs = [*kept, *draw(st.lists(st.none() | NUMBERS))]
        versions = {
            str(n): Version(str(n), pair, draw(st.sampled_from(["", "stable", REMOVED])))
            for n, pair in enumerate(draw(st.permutations(pairs)), 1)
        }
        aliases = draw(st.dictionaries(st.sampled_from(ALIASES), st.sampled_from(sorted(versions))))
        registry[model] = Registered(versions, aliases, draw(st.none() | NUMBERS))
    return Directory(
        named, {pair: "stable" if pair == named[CHAMPION] else "earlier" for pair in kept}
    ), registry


@given(states())
def test_what_is_changed_makes_both_sides_agree(state: tuple[Directory, Registry]) -> None:
    there, registry = state
    after = {}
    for model in MODELS:
        aliases = dict(registry[model].aliases)
        for move in (move for move in moves(there, registry) if move.model == model):
            if move.pair is None:
                del aliases[move.alias]
            else:
                aliases[move.alias] = str(registry[model].number(move.pair))
        versions = dict(registry[model].versions)
        for of, number, stage in stages(there, registry):
            if of == model:
                versions[number] = replace(versions[number], stage=stage)
        after[model] = Registered(versions, aliases, there.aliases[CHAMPION])
    assert differences(there, after) == []
    assert asked(there, after) is None
    for model in MODELS:
        assert {alias: after[model].pair(alias) for alias in after[model].aliases} == there.aliases


def test_nothing_is_known_of_a_directory_without_a_pair() -> None:
    assert moves(Directory({}, {}), both({"1": 7}, 7, champion="1")) == []


def test_what_somebody_moved_is_overruled_by_name() -> None:
    moved = moves(directory(8, 7), both({"1": 7, "2": 8}, 8, champion="1"))
    assert [(move.model, move.pair, move.by_hand) for move in moved] == [(model, 8, 7) for model in MODELS]
    # What was not told yet was moved by nobody.
    assert [move.by_hand for move in moves(directory(8, 7), both({"1": 7, "2": 8}, 7, champion="1"))] == [
        None
    ] * 2


def test_a_version_that_is_no_longer_kept_is_told_so_once() -> None:
    registry = both({"1": 7, "2": 8}, 8, champion="2")
    assert (DEMAND, "1", REMOVED) in list(stages(directory(8), registry))


@pytest.mark.parametrize(
    ("there", "registry", "target"),
    [
        pytest.param(directory(8, 7), both({"1": 7, "2": 8}, 8, champion="2"), None, id="agree"),
        pytest.param(directory(8, 7), both({"1": 7, "2": 8}, 8, champion="1"), 7, id="moved"),
        pytest.param(directory(8, 7), both({"1": 7, "2": 8}, 7, champion="1"), None, id="not-told-yet"),
        pytest.param(
            directory(8, 7), both({"1": 7, "2": 8}, 7, champion="2"), None, id="cut-off-before-signing"
        ),
        pytest.param(directory(8, 7), both({"1": 7, "2": 8}, 8), None, id="taken-away"),
        pytest.param(directory(8, 7), both({}, None), None, id="empty"),
        pytest.param(
            directory(8, 7),
            {
                DEMAND: registered({"1": 7, "2": 8}, 7, champion="2"),
                REPLENISHMENT: registered({"1": 7, "2": 8}, 7, champion="1"),
            },
            None,
            id="cut-off-between-the-models",
        ),
    ],
)
def test_what_is_asked_for(there: Directory, registry: Registry, target: int | None) -> None:
    assert asked(there, registry) == target


@pytest.mark.parametrize(
    ("there", "registry", "said"),
    [
        pytest.param(
            directory(8, 7),
            {
                DEMAND: registered({"1": 7, "2": 8}, 8, champion="1"),
                REPLENISHMENT: registered({"1": 7, "2": 8}, 8, champion="2"),
            },
            "do not belong together",
            id="one-model",
        ),
        pytest.param(
            directory(9, 7, 8), both({"1": 7, "2": 8, "3": 9}, 8, champion="1"), "meanwhile", id="both-sides"
        ),
        pytest.param(directory(8), both({"1": 7, "2": 8}, 8, champion="1"), "is not kept", id="gone"),
    ],
)
def test_what_is_not_clear_is_not_followed(there: Directory, registry: Registry, said: str) -> None:
    with pytest.raises(UserError, match=said):
        asked(there, registry)
