"""Whether data and configuration give the features that a pair was trained with; if not, what differs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from tensorflow.core.protobuf import saved_model_pb2

from contracts.errors import UserError
from contracts.models import MODELS
from serving.directory.layout import ServingError, model_folder
from serving.directory.pushing import read_card
from serving.examples import RAW_TENSORS
from transforms.features import PLANNABLE, FeatureSpace

_WAY_OUT = "use the --config and external columns of its run, or train a new pair: run with --re-baseline --reason TEXT"


def trained_features(root: Path, version: int) -> FeatureSpace:
    """The features that a kept pair was trained with.

    Raises:
        ServingError: a model does not say, or an older program named its features.
    """
    for model in MODELS:
        folder = model_folder(root, version, model)
        space = FeatureSpace.from_json(json.dumps(read_card(folder)["feature_space"]))
        content = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
        if set(content.meta_graphs[0].signature_def[RAW_TENSORS].inputs) != {
            feature.name for feature in space.model_inputs()
        }:
            raise ServingError(
                f"{folder}: an older program trained it, and named its features otherwise; run the pipeline again with "
                "--re-baseline --reason TEXT, and the new pair serves"
            )
    return space


def require_features(space: FeatureSpace, trained: FeatureSpace) -> None:
    """See that two sets of features are the same, in whatever order: a model fills in what it misses, and answers.

    Raises:
        UserError: they are not; names the settings and columns that differ.
    """
    found = list(_differences(space, trained))
    if found:
        raise UserError(
            f"the windows have other features than the pair was trained with: {'; '.join(found)}; {_WAY_OUT}"
        )


def _differences(space: FeatureSpace, trained: FeatureSpace) -> Iterator[str]:
    for setting, now, before in (
        ("windows.history", space.history, trained.history),
        ("windows.horizon", space.horizon, trained.horizon),
        ("data.frequency", _frequency(space), _frequency(trained)),
    ):
        if now != before:
            yield f"{setting} is {now}, and {before} in the pair"
    here, there = _kinds(space), _kinds(trained)
    if gone := [name for name in there if name not in here]:
        yield f"external_factors has no {_listed(gone)}, which the pair knows"
    if new := [name for name in here if name not in there]:
        yield f"external_factors has {_listed(new)}, which the pair does not know (data.external chooses)"
    for name in here:
        if name in there and here[name] != there[name]:
            yield f"{name} of external_factors holds {here[name]}, and {there[name]} in the pair"
    both = {*PLANNABLE.values(), *(set(here) & set(there))}
    for name in sorted(both):
        if (now := space.reach(name)) != (before := trained.reach(name)):
            yield f"data.known_ahead of {name} is {now} periods, and {before} in the pair"


def _frequency(space: FeatureSpace) -> str:
    return "W" if space.period_days == 7 else "D"


def _kinds(space: FeatureSpace) -> dict[str, str]:
    return dict.fromkeys(space.numeric_external, "numbers") | dict.fromkeys(space.text_external, "text")


def _listed(names: list[str]) -> str:
    return ", ".join(names)
