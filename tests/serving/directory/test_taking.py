"""A pair from another serving directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.models import WATCH
from serving.directory.layout import (
    MANIFEST_FILE,
    PAIRS,
    ServingError,
    model_folder,
    read_history,
    read_state,
)
from serving.directory.pushing import push
from serving.directory.switching import roll_back
from serving.directory.taking import take, takeable
from tests.serving.pairs import listing, make_pair, make_watch, serving_pair


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A serving directory with the pairs p0, p1 and p2."""
    for i in range(3):
        push(tmp_path / "source", make_pair(tmp_path, f"p{i}"), {}, keep=3)
    return tmp_path / "source"


@pytest.fixture
def versions(source: Path) -> tuple[int, ...]:
    return read_state(source).versions


def taken(tmp_path: Path, source: Path, version: int, keep: int = 3) -> str | None:
    take(tmp_path / "target", source, version, keep=keep, by="me")
    return serving_pair(tmp_path / "target")


def test_it_serves_under_its_number(tmp_path: Path, source: Path, versions: tuple[int, ...]) -> None:
    assert takeable(source, None) == versions[2]
    assert taken(tmp_path, source, versions[1]) == "p1"
    state = read_state(tmp_path / "target")
    assert (state.stable, state.versions, state.last_version) == (versions[1], versions[1:2], versions[1])
    (record,) = read_history(tmp_path / "target")
    assert (record["action"], record["by"]) == ("take", "me")


def test_its_demand_watch_comes_along(tmp_path: Path) -> None:
    pair = make_pair(tmp_path, "w") | {WATCH: make_watch(tmp_path, "w", "watch")}
    version = push(tmp_path / "source", pair, {}, keep=3).version
    assert taken(tmp_path, tmp_path / "source", version) == "w"
    assert (model_folder(tmp_path / "target", version, WATCH) / "saved_model.pb").read_text() == "watch\n"


def test_an_earlier_one_withdraws_the_later_and_a_later_one_brings_no_other_back(
    tmp_path: Path, source: Path, versions: tuple[int, ...]
) -> None:
    for version, name in ((2, "p2"), (0, "p0"), (1, "p1"), (2, "p2")):
        assert taken(tmp_path, source, versions[version]) == name
    assert read_state(tmp_path / "target").kept == versions
    before, _ = roll_back(tmp_path / "target", versions[0], "me")
    assert before.stable == versions[2] and serving_pair(tmp_path / "target") == "p0"


def test_twice_is_once(tmp_path: Path, source: Path, versions: tuple[int, ...]) -> None:
    first = take(tmp_path / "target", source, versions[2], keep=3, by="me")[1]
    assert take(tmp_path / "target", source, versions[2], keep=3, by="me") == (first, first)


def test_no_more_stay_than_are_to_be_kept(tmp_path: Path, source: Path, versions: tuple[int, ...]) -> None:
    for version in (*versions, versions[0]):
        taken(tmp_path, source, version, keep=1)
    assert set(read_state(tmp_path / "target").kept) == {versions[0], versions[2]}
    assert {path.name for path in (tmp_path / "target" / PAIRS).iterdir()} == {
        str(versions[0]),
        str(versions[2]),
    }


def test_a_damaged_pair_stays_where_it_is(tmp_path: Path, source: Path, versions: tuple[int, ...]) -> None:
    assert taken(tmp_path, source, versions[0]) == "p0"
    (model_folder(source, versions[1], "demand_forecasting") / "saved_model.pb").write_text("else")
    with pytest.raises(ServingError, match="not as they were pushed"):
        taken(tmp_path, source, versions[1])
    assert serving_pair(tmp_path / "target") == "p0"


def test_a_damaged_copy_is_not_served(tmp_path: Path, source: Path, versions: tuple[int, ...]) -> None:
    for version in versions[:2]:
        taken(tmp_path, source, version)
    (model_folder(tmp_path / "target", versions[0], "demand_forecasting") / "saved_model.pb").write_text(
        "else"
    )
    with pytest.raises(ServingError, match="not as they were pushed"):
        taken(tmp_path, source, versions[0])
    assert serving_pair(tmp_path / "target") == "p1"


def test_what_was_rolled_back_or_is_not_there_is_not_taken(
    tmp_path: Path, source: Path, versions: tuple[int, ...]
) -> None:
    roll_back(source, versions[1], "me")
    with pytest.raises(ServingError, match="was rolled back"):
        takeable(source, versions[2])
    with pytest.raises(ServingError, match="keeps no version 1; kept are"):
        takeable(source, 1)
    with pytest.raises(ServingError, match="keeps no version that serves; kept are: none"):
        takeable(tmp_path / "nothing", None)
    assert not (tmp_path / "target").exists()


def test_another_pair_of_the_same_number_is_told(
    tmp_path: Path, source: Path, versions: tuple[int, ...]
) -> None:
    taken(tmp_path, source, versions[0])
    manifest = tmp_path / "target" / PAIRS / str(versions[0]) / MANIFEST_FILE
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "files": {}}))
    with pytest.raises(ServingError, match="another pair of the number"):
        taken(tmp_path, source, versions[0])


def test_readers_see_both_models_or_neither(tmp_path: Path, source: Path, versions: tuple[int, ...]) -> None:
    for version in versions:
        taken(tmp_path, source, version)
        one, other = listing(tmp_path / "target")
        assert one == other and one[-1] == str(version)
