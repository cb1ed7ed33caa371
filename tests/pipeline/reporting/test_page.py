"""The page on made-up data: well-formed, closed to what names may hold, complete, and silent about nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from os.path import normpath
from pathlib import Path, PurePosixPath

import pytest

from contracts.records.summary import Status
from pipeline.reporting import page
from pipeline.reporting.data import ReportData
from pipeline.reporting.page import condensed, number, render, share
from tests.pipeline.reporting.made_up import MARKUP, SCRIPT, check, refused, whole
from tests.pipeline.reporting.reading import Page

MADE = {"whole": whole(), "refused": refused()}
RENDERED = {name: render(data) for name, data in MADE.items()}
LINES = "../../logs/"


@pytest.fixture(params=list(RENDERED), name="source")
def _source(request: pytest.FixtureRequest) -> str:
    return RENDERED[request.param]


def test_it_is_well_formed_and_every_id_is_its_own(source: str) -> None:
    read = Page(source)
    assert read.errors == []
    assert len(read.ids()) == len(set(read.ids()))
    assert source.startswith("<!DOCTYPE html>")
    assert [a["lang"] for a in read.all("html")] == ["en"]


def test_a_step_that_began_leads_to_its_lines(source: str) -> None:
    (made,) = (MADE[name] for name, found in RENDERED.items() if found == source)
    page_of, folder = PurePosixPath("reports/run/index.html"), PurePosixPath("logs", made.verdict.run_id)
    wanted = {folder / f"{step.node}.jsonl" for step in made.components if step.state != "skipped"}
    links = [str(a["href"]) for a in Page(source).all("a") if str(a["href"]).startswith(LINES)]
    assert {PurePosixPath(normpath(page_of.parent / link)) for link in links} == wanted


def test_it_loads_nothing_and_runs_nothing(source: str) -> None:
    read = Page(source)
    for tag, attributes in read.elements:
        assert tag not in {"script", "img", "link", "iframe", "object", "embed", "base", "form"}, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), f"{tag} {name}"
            assert name not in {"src", "srcset", "data", "poster"}, f"{tag} {name}"
            if name in {"href", "xlink:href"}:
                assert (value or "").startswith(("#", LINES)), f"{tag} links to {value}"
    style = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    assert len(style) == 1 and "url(" not in style[0] and "@import" not in style[0]
    # An address may stand in a name, but only as text.
    assert "http" not in re.sub(r"http://evil\.example/x", "", source)


def test_every_reference_within_the_page_leads_somewhere(source: str) -> None:
    ids = set(Page(source).ids())
    for _, attributes in Page(source).elements:
        wanted = [
            str(v)[1:]
            for k, v in attributes.items()
            if k in {"href", "xlink:href"} and not str(v).startswith(LINES)
        ]
        wanted += str(attributes.get("aria-labelledby", "")).split()
        wanted += re.findall(r"url\(#([^)]+)\)", " ".join(str(v) for v in attributes.values()))
        assert set(wanted) <= ids


def test_every_picture_has_a_title_and_a_description(source: str) -> None:
    labels = dict(re.findall(r'<(?:title|desc) id="([^"]+)">([^<]+)</(?:title|desc)>', source))
    for attributes in Page(source).all("svg"):
        assert attributes["role"] == "img"
        names = str(attributes["aria-labelledby"]).split()
        assert len(names) == 2 and all(labels[name].strip() for name in names)


def test_the_whole_page_has_a_picture_for_each_part() -> None:
    pictures = [str(a["aria-labelledby"]).split("-title")[0] for a in Page(RENDERED["whole"]).all("svg")]
    assert pictures == [
        *("plot-feature-0", "plot-feature-1", "plot-feature-2"),
        *("plot-forecast-best", "plot-forecast-median", "plot-forecast-worst"),
        *("plot-calibration", "plot-cost-service", "plot-cost-split"),
    ]
    assert not Page(RENDERED["refused"]).all("svg")


def test_headings_go_down_one_level_at_a_time(source: str) -> None:
    headings = Page(source).headings()
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(headings))
    landmarks = {tag for tag, _ in Page(source).elements}
    assert {"header", "nav", "main", "footer"} <= landmarks


def test_names_from_the_data_stay_text() -> None:
    read = Page(RENDERED["whole"])
    assert SCRIPT in read.text and MARKUP in read.text
    assert "{{ 7 * 6 }}" in read.text


def sections(source: str) -> list[str]:
    return [str(attributes["id"]) for attributes in Page(source).all("section")]


def test_a_section_without_content_is_left_out_and_named_once() -> None:
    assert sections(RENDERED["whole"]) == list(page.SECTIONS)
    assert "Nothing to show" not in RENDERED["whole"]
    assert sections(RENDERED["refused"]) == ["components"]
    links = [str(attributes["href"]) for attributes in Page(RENDERED["refused"]).all("a")]
    assert [link for link in links if not link.startswith(LINES)] == ["#content", "#components"]
    text = " ".join(Page(RENDERED["refused"]).text.split())
    (said,) = re.findall(r"Nothing to show, .*?: ([^.]*)\.", text)
    assert said.split(", ") == [name for anchor, name in page.SECTIONS.items() if anchor != "components"]


def test_why_it_was_refused_is_told_once() -> None:
    (reason,) = refused().verdict.reasons
    assert Page(RENDERED["refused"]).text.count(reason) == 1


def test_what_the_data_gate_stopped_stands_in_one_table() -> None:
    stop, passed = check("stop", "price", reason="moved far"), check("pass", "event")
    text = Page(render(replace(refused(), checks=(stop, passed)))).text
    assert text.count("moved far") == 1
    assert Page(render(replace(refused(), checks=(stop,)))).errors == []


def test_the_next_step_stands_on_top_with_its_code() -> None:
    text = Page(RENDERED["whole"]).text
    assert f"plan --workspace '/w/{SCRIPT}'" in text[: text.index("What came in")]
    assert "`" not in text[: text.index("What came in")]
    assert page.spans("a `<b>` c") == "a <code>&lt;b&gt;</code> c"


def test_the_models_stand_beside_plain_methods() -> None:
    text = Page(RENDERED["whole"]).text
    table = text[text.index("plain methods") : text.index("Forecast against actual")]
    assert "31.0%" in table and "85 times" in table


def test_waste_has_a_column_where_anything_expires() -> None:
    made = whole()
    wasteful = tuple(replace(policy, waste_cost=35.0) for policy in made.policies)
    plain, found = RENDERED["whole"], render(replace(made, policies=wasteful))
    assert "waste" not in plain and found.count(">waste</th>") == 1
    assert "waste 35" in found and Page(found).errors == []


def test_each_single_part_may_be_missing() -> None:
    empty = ReportData(whole().verdict, whole().incoming)
    few = replace(whole(), features=whole().features[:1], series=whole().series[:1])
    for name in ("features", "compared", "checks", "series", "coverage", "coverage_band", "policies"):
        assert Page(render(replace(few, **{name: getattr(empty, name)}))).errors == [], name
    alone = replace(empty, policies=(whole().policies[0],))
    assert "clairvoyant (lower bound)" in Page(render(alone)).text


@pytest.mark.parametrize(
    ("status", "words"),
    [("refused_model", "Refused: the models"), ("failed", "Failed"), ("pushed", "Pushed")],
)
def test_the_verdict_stands_on_top(status: Status, words: str) -> None:
    data = replace(refused(), verdict=replace(refused().verdict, status=status))
    text = Page(render(data)).text
    assert words in text[: text.index("What ran")]


def test_many_reasons_are_folded_and_all_there() -> None:
    reasons = tuple(f"reason {i}" for i in range(9))
    source = render(replace(refused(), verdict=replace(refused().verdict, reasons=reasons)))
    text = Page(source).text
    assert all(text.count(reason) == 1 for reason in reasons)
    assert "and 4 more" in text[text.index("reason 4") : text.index("reason 5")]
    assert source.count("<details>") == 1


def test_the_same_data_give_the_same_page() -> None:
    assert render(whole()) == RENDERED["whole"]


def test_a_page_of_many_features_and_checks_stays_small() -> None:
    many = replace(
        whole(),
        features=tuple(replace(whole().features[0], name=f"f{i}") for i in range(40)),
        checks=tuple(check("warn", f"f{i}", value=i / 1e5) for i in range(400)),
    )
    assert len(render(many).encode()) < 3_000_000


def test_passed_checks_that_differ_in_their_subject_alone_share_a_line() -> None:
    passed = [check("pass", name) for name in ("a", "b")]
    other = check("pass", "c", value=0.01)
    warned = [check("warn", name) for name in ("d", "e")]
    found = condensed([*warned, *passed, other])
    assert [subjects for _, subjects in found] == ["d", "e", "a, b", "c"]


@pytest.mark.parametrize(
    ("value", "text"), [(None, "-"), (float("nan"), "-"), (0.123456, "0.1235"), (1234567.0, "1,234,567")]
)
def test_numbers_are_written_for_people(value: float | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.4, "40.0%"), (-0.755, "-75.5%"), (9.994, "999.4%"), (84.772, "85 times"), (None, "-")],
)
def test_shares_beyond_what_percent_can_say_are_so_many_times(value: float | None, text: str) -> None:
    assert share(value) == text


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_text_colour_can_be_read_on_its_ground() -> None:
    css = (Path(page.__file__).parent / "templates" / "style.css").read_text()
    colours = dict(re.findall(r"--(\w+): (#\w{6})", css))
    inks = [colours[name] for name in ("ink", "soft", "link")]
    inks += re.findall(r"\.mark\.(?:pass|warn|waived) \{ color: (#\w{6})", css)
    assert len(inks) == 6
    for ink in inks:
        assert contrast(ink, colours["paper"]) >= 4.5 and contrast(ink, colours["tint"]) >= 4.5, ink
    stop = re.search(r"\.mark\.stop \{ color: (#\w{6}); background: (#\w{6})", css)
    assert stop and contrast(stop[1], stop[2]) >= 4.5
