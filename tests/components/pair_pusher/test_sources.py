"""What is pushed of what was blessed."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts
from tfx.types.artifact import Artifact

from components.pair_pusher.executor import is_blessed, sources_of
from contracts import properties
from contracts.models import MODELS, WATCH, WATCH_BLESSING, WATCH_MODEL, channel


def given(*, pair: int = 1, watch: int | None = None) -> dict[str, Artifact]:
    """Artifacts of both models, and of a demand watch where one was judged; 1: blessed."""
    verdicts = {channel(model, "blessing"): pair for model in MODELS}
    names = {model: channel(model, "model") for model in MODELS}
    if watch is not None:
        verdicts[WATCH_BLESSING], names[WATCH] = watch, WATCH_MODEL
    found: dict[str, Artifact] = {}
    for name, key in names.items():
        found[key] = standard_artifacts.Model()
        found[key].uri = f"/artifacts/{name}"
    for key, verdict in verdicts.items():
        found[key] = standard_artifacts.ModelBlessing()
        found[key].set_int_custom_property(properties.BLESSED, verdict)
    return found


@pytest.mark.parametrize(("watch", "goes"), [(None, False), (0, False), (1, True)])
def test_a_refused_watch_stays_behind_and_holds_no_pair_back(watch: int | None, goes: bool) -> None:
    artifacts = given(watch=watch)
    assert is_blessed(artifacts)
    sources = sources_of(artifacts)
    assert set(sources) == {*MODELS, *([WATCH] if goes else [])}
    assert all(folder.parts[:3] == ("/", "artifacts", model) for model, folder in sources.items())


@pytest.mark.parametrize("watch", [None, 0, 1])
def test_a_blessed_watch_brings_no_refused_pair_along(watch: int | None) -> None:
    assert not is_blessed(given(pair=0, watch=watch))
