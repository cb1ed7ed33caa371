"""What differs from the pair's features is named; their order is no difference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from components.example_generation.ingest import prepare
from contracts.errors import UserError
from pipeline.config import Config
from pipeline.inputs.batch import feature_space
from pipeline.inputs.pair_features import require_features
from tests.components.example_generation.folders import good_folder, write_folder
from transforms.features import FeatureSpace

PAIR = FeatureSpace(28, 14, 1, ("temperature", "holiday"), ("event",), (("holiday", 14), ("event", 14)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"history": 56, "horizon": 21},
            "windows.history is 56, and 28 in the pair; windows.horizon is 21, and 14",
        ),
        ({"period_days": 7}, "data.frequency is W, and D in the pair"),
        (
            {"numeric_external": (), "text_external": (), "known_ahead": ()},
            "external_factors has no temperature, holiday, event, which the pair knows; use the --config",
        ),
        (
            {"numeric_external": ("temperature", "holiday", "rain")},
            "external_factors has rain, which the pair does not",
        ),
        (
            {"numeric_external": ("holiday",), "text_external": ("event", "temperature")},
            "temperature of external_factors holds text, and numbers in the pair",
        ),
        ({"known_ahead": (("event", 14),)}, "data.known_ahead of holiday is 0 periods, and 14 in the pair"),
    ],
)
def test_each_difference_is_named_with_the_setting(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as refused:
        require_features(replace(PAIR, **changes), PAIR)
    assert words in str(refused.value) and "--re-baseline" in str(refused.value)


def test_the_order_of_columns_is_none() -> None:
    other = replace(
        PAIR, numeric_external=("holiday", "temperature"), known_ahead=(("event", 14), ("holiday", 14))
    )
    require_features(other, PAIR)


def test_a_column_without_any_value_is_what_the_pair_knows_it_as(tmp_path: Path) -> None:
    content = good_folder()
    content["external_factors"] = {
        **content["external_factors"],
        "event": [None] * 6,
        "temperature": [None] * 6,
    }
    folder = write_folder(tmp_path, content)
    config = Config.model_validate({"windows": {"history": 28}, "data": {"known_ahead": {"event": "all"}}})
    trained = FeatureSpace(28, 14, 1, ("temperature",), ("event",), (("event", 14),))
    require_features(
        feature_space(prepare(folder, config.data, 7), config, {}, trained),
        trained,
    )
    with pytest.raises(UserError, match="event of external_factors holds numbers, and text in the pair"):
        require_features(feature_space(prepare(folder, config.data, 7), config, {}), trained)


def test_a_shorter_horizon_than_the_pairs_is_told_beside_what_is_planned(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, good_folder())
    config = Config.model_validate({"windows": {"history": 28, "horizon": 7, "review_period": 3}})
    trained = FeatureSpace(28, 14, 1, ("temperature",), ("event",), (("event", 14), ("on_promotion", 14)))
    planned = {"on_promotion": trained.reach("on_promotion")}
    with pytest.raises(UserError, match=r"windows\.horizon is 7, and 14 in the pair"):
        require_features(
            feature_space(prepare(folder, config.data, 7), config, planned, trained),
            trained,
        )
