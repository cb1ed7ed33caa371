from __future__ import annotations

import math
import re

import pytest
from pydantic import BaseModel

from components.model_gate import remedies
from components.model_gate.checks import (
    at_least,
    at_most,
    calibration,
    cheaper_than_base_stock,
    not_dearer_than_incumbent,
)
from components.model_gate.options import GateOptions
from components.windowing.options import WindowOptions
from inventory.paired_ratio import Interval
from serving.options import ServingOptions


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.1, "pass"), (0.0, "pass"), (-0.1, "stop"), (None, "stop"), (math.nan, "stop")]
)
def test_a_figure_passes_on_the_right_side_and_never_where_it_is_missing(
    value: float | None, verdict: str
) -> None:
    assert at_least("skill", "m", value, 0.0, remedy="more").verdict == verdict
    mirrored = None if value is None else -value
    assert at_most("loss", "m", mirrored, 0.0, remedy="more").verdict == verdict


def test_the_margin_is_positive_on_the_right_side() -> None:
    assert at_least("skill", "m", 0.3, 0.1, remedy="more").margin == pytest.approx(0.2)
    assert at_most("loss", "m", 0.3, 0.1, remedy="more").margin == pytest.approx(-0.2)


def test_a_remedy_comes_with_what_stopped_alone() -> None:
    assert at_least("skill", "m", 0.3, 0.1, remedy="more").remedy == ""
    assert at_most("loss", "m", 0.3, 0.1, remedy="more").remedy == "more"
    assert at_most("loss", "m", None, 0.1, remedy="more").remedy == remedies.NO_VALUE


def test_remedies_name_settings_that_there_are() -> None:
    texts = {name: text for name, text in vars(remedies).items() if name.isupper() and name[0] != "_"}
    sections: dict[str, type[BaseModel]] = {
        "gate": GateOptions,
        "serving": ServingOptions,
        "windows": WindowOptions,
    }
    for text in texts.values():
        for section, name in re.findall(r"`(\w+)\.(\w+)`", text):
            assert name in sections[section].model_fields, name


def test_a_level_between_the_two_shares_is_calibrated_and_outside_the_distance_counts() -> None:
    coverage = {
        "0.05": {"level": 1.0, "below_at_level": 0.0, "at_most_at_level": 0.3},
        "0.5": {"level": 1.0, "below_at_level": 0.2, "at_most_at_level": 0.38},
        "0.9": {"level": 1.0, "below_at_level": 0.97, "at_most_at_level": 0.99},
        "0.95": {"level": 1.0, "below_at_level": math.nan, "at_most_at_level": math.nan},
    }
    low, middle, high, unseen = calibration("m", coverage, 0.1)
    assert (low.value, low.verdict) == (0.0, "pass")
    assert middle.value == pytest.approx(0.12) and middle.verdict == "stop"
    assert high.value == pytest.approx(0.07) and high.verdict == "pass"
    assert unseen.verdict == "stop"
    assert [check.verdict for check in calibration("m", {}, 0.1)] == ["stop"]


def test_base_stock_must_be_beaten_for_sure_and_the_incumbent_not_lost_to_for_sure() -> None:
    unsure = Interval(-0.02, -0.05, 0.01)
    assert cheaper_than_base_stock("m", unsure, 0.0).verdict == "stop"
    assert cheaper_than_base_stock("m", Interval(-0.05, -0.08, -0.01), 0.0).verdict == "pass"
    assert not_dearer_than_incumbent("m", unsure, 0.02).verdict == "pass"
    assert not_dearer_than_incumbent("m", Interval(0.05, 0.01, 0.09), 0.02).verdict == "pass"
    dearer = not_dearer_than_incumbent("m", Interval(0.05, 0.03, 0.07), 0.02)
    assert dearer.verdict == "stop" and "+5.0% (+3.0% to +7.0%)" in dearer.reason
