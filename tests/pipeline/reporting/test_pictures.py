"""Pictures are the same each time, and survive whatever the data are."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from math import nan

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from pipeline.reporting import pictures
from pipeline.reporting.data import Coverage, Feature, Policy, Span
from pipeline.reporting.drawing import inline_svg, short
from tests.pipeline.reporting.made_up import SCRIPT, numbers, series, texts, whole

DRAWN = {
    "numbers": partial(pictures.distribution, whole().features[0]),
    "texts": partial(pictures.distribution, whole().features[1]),
    "nothing": partial(pictures.distribution, whole().features[2]),
    "first": partial(pictures.distribution, Feature("x", numbers(0.0))),
    "forecast": partial(pictures.forecast, series("best")),
    "one-period": partial(pictures.forecast, series("best", periods=1)),
    "calibration": partial(pictures.calibration, whole().coverage, 0.1),
    "calibration-without-band": partial(pictures.calibration, [Coverage(0.5, 0.4, 0.6)], None),
    "cost": partial(pictures.cost_against_service, whole().policies),
    "split": partial(pictures.cost_split, whole().policies),
    "split-with-waste": partial(pictures.cost_split, [Policy("p", 6.0, 3.0, 2.0, 0.9, 1.0, waste_cost=1.0)]),
    "many": partial(
        pictures.cost_against_service, [Policy(f"p{i}", i + 1.0, 1.0, i, 0.9, 1.0) for i in range(14)]
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_second_drawing_equals_the_first_whatever_a_user_has_set(name: str) -> None:
    first = inline_svg("a", "title", "words", DRAWN[name])
    with matplotlib.rc_context({"font.size": 30, "text.parse_math": True, "svg.fonttype": "path"}):
        second = inline_svg("a", "title", "words", DRAWN[name])
    assert first == second
    assert re.search(r"\d{4}-\d\d-\d\dT\d\d:\d\d", first) is None


def test_the_settings_of_others_are_left_as_they_were() -> None:
    before = dict(matplotlib.rcParams)
    inline_svg("a", "title", "words", DRAWN["forecast"])
    assert dict(matplotlib.rcParams) == before


def test_ids_and_what_refers_to_them_carry_the_name() -> None:
    drawn = inline_svg("p7", "title", "words", DRAWN["split"])
    ids = set(re.findall(r'\bid="([^"]+)"', drawn))
    assert ids and all(found.startswith("p7-") for found in ids)
    referred = set(re.findall(r'href="#([^"]+)"', drawn)) | set(re.findall(r"url\(#([^)]+)\)", drawn))
    assert referred and referred <= ids


def test_a_name_that_looks_like_markup_or_a_formula_is_drawn_as_it_stands() -> None:
    formula = r"$\frac{1"
    drawn = inline_svg(
        "p", SCRIPT, SCRIPT, partial(pictures.distribution, Feature("x", texts("<b>$\\frac", formula)))
    )
    assert "<script" not in drawn and "<b>" not in drawn
    assert "&lt;b&gt;$\\frac" in drawn and formula in drawn


def test_the_hollow_dots_and_the_words_tell_periods_without_full_stock() -> None:
    drawn = inline_svg("p", "t", "d", DRAWN["forecast"])
    assert "actual, without full stock" in drawn


def test_the_new_span_alone_has_no_dashed_line() -> None:
    def dashes(figure: Figure) -> int:
        return sum(patch.get_linestyle() == "--" for patch in figure.axes[0].patches)

    assert dashes(pictures.distribution(Feature("x", numbers(0.0)))) == 0
    assert dashes(pictures.distribution(Feature("x", numbers(0.0), numbers(1.0)))) == 1


def test_a_text_rare_in_the_span_before_has_no_ring_of_its_own() -> None:
    figure = pictures.distribution(Feature("x", texts("a", "b"), texts("b")))
    (rings,) = figure.axes[0].lines
    assert np.isnan(np.asarray(rings.get_xdata())).tolist() == [True, False]


def test_a_feature_without_values_says_so() -> None:
    assert "(no value)" in inline_svg(
        "p", "t", "d", partial(pictures.distribution, Feature("x", Span(9, 1.0)))
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("a\x00\nb", "a b"), ("x" * 30, "x" * 23 + "…"), ("  S01 ", "S01")]
)
def test_names_are_shortened_to_one_line(text: str, expected: str) -> None:
    assert short(text) == expected


def test_a_closed_day_has_no_point_of_its_own() -> None:
    usual = series("best", periods=6)
    observed = (True, True, False, True, False, True)
    (axes,) = pictures.forecast(replace(usual, observed=observed, units=(3.0, 2.0, 1.0, 4.0, nan, 5.0))).axes
    points = {
        line.get_label(): line.get_ydata()
        for line in axes.lines
        if str(line.get_label()).startswith("actual")
    }
    assert {label: np.asarray(units).tolist() for label, units in points.items()} == {
        "actual": [3.0, 2.0, 4.0, 5.0],
        "actual, without full stock": [1.0],
    }
