"""Edits of the schema's text: the parsed result is what was asked for, and nothing else moves."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_metadata.proto.v0 import schema_pb2

from pipeline.schema_review.text import parse, with_feature
from tests.places import ROOT

CURATED = (ROOT / "schema" / "rows.pbtxt").read_text()
NAMES = [feature.name for feature in parse(CURATED).feature]


def feature(text: str) -> schema_pb2.Feature:
    return text_format.Parse(text, schema_pb2.Feature())


def merged(text: str, new: schema_pb2.Feature) -> schema_pb2.Schema:
    """What the edit must say, worked out on the messages."""
    schema = parse(text)
    for i, old in enumerate(schema.feature):
        if old.name == new.name:
            schema.feature[i].CopyFrom(new)
            return schema
    schema.feature.add().CopyFrom(new)
    return schema


def outside(text: str, name: str) -> tuple[str, str]:
    """The text before and after the block of one feature, found by its name line in this file's layout."""
    at = text.index(f'name: "{name}"')
    begin = text.rindex("feature {", 0, at)
    return text[:begin], text[text.index("\n}\n", at) + 3 :]


@st.composite
def changed(draw: st.DrawFn) -> schema_pb2.Feature:
    name = draw(st.sampled_from(NAMES))
    new = schema_pb2.Feature()
    new.CopyFrom(next(found for found in parse(CURATED).feature if found.name == name))
    for what in draw(
        st.sets(st.sampled_from(["presence", "domain", "environment", "drift", "type", "count"]))
    ):
        if what == "presence":
            new.presence.min_fraction = draw(st.sampled_from([0.25, 0.5]))
        elif what == "domain":
            new.ClearField("domain_info")
        elif what == "environment":
            new.not_in_environment.append(draw(st.sampled_from(["SERVING", 'B { " # quote'])))
        elif what == "drift":
            new.drift_comparator.jensen_shannon_divergence.threshold = 0.5
        elif what == "type":
            new.type = schema_pb2.FLOAT
        else:
            new.ClearField("shape_type")
    return new


@settings(max_examples=150, deadline=None)
@given(new=changed())
def test_an_edit_says_what_was_asked_for_and_leaves_all_else(new: schema_pb2.Feature) -> None:
    text = with_feature(CURATED, new)
    assert parse(text) == merged(CURATED, new)
    assert outside(text, new.name) == outside(CURATED, new.name)
    assert with_feature(text, new) == text


@settings(max_examples=50, deadline=None)
@given(news=st.lists(changed(), max_size=4))
def test_edits_add_up(news: list[schema_pb2.Feature]) -> None:
    text, expected = CURATED, CURATED
    for new in news:
        expected = text_format.MessageToString(merged(expected, new))
        text = with_feature(text, new)
    assert parse(text) == parse(expected)
    assert [line for line in CURATED.splitlines() if line.startswith("#")] == [
        line for line in text.splitlines() if line.startswith("#")
    ]


def test_a_feature_that_is_not_there_is_added_at_the_end() -> None:
    new = feature('name: "temperature" type: FLOAT float_domain { min: -40 }')
    text = with_feature(CURATED, new)
    assert text.startswith(CURATED)
    assert parse(text).feature[-1] == new


@pytest.mark.parametrize("quote", ["'", '"'])
def test_comments_braces_in_strings_and_blocks_on_one_line(quote: str) -> None:
    text = (
        '# about { braces } and "quotes"\n'
        f"feature {{ name: {quote}a{quote} type: INT }} # tail {{\n"
        'feature {\n  name: "b" # its "name"\n  # why it is an INT\n  type: INT\n'
        '  annotation { tag: "{ # }" }\n}\n'
    )
    assert parse(with_feature(text, feature('name: "a" type: FLOAT'))).feature[0].type == schema_pb2.FLOAT
    edited = with_feature(text, feature('name: "b" type: FLOAT annotation { tag: "{ # }" }'))
    assert edited == text.replace("  type: INT\n  annotation", "  type: FLOAT\n  annotation")


def test_a_field_that_goes_leaves_its_comment() -> None:
    text = 'feature {\n  name: "b"\n  # half of the rows\n  presence { min_fraction: 0.5 }\n  type: INT\n}\n'
    edited = with_feature(text, feature('name: "b" type: INT'))
    assert "# half of the rows" in edited and "presence" not in edited
    assert parse(edited).feature[0] == feature('name: "b" type: INT')


def test_a_feature_that_needs_no_change_is_left_alone() -> None:
    for name in NAMES:
        same = next(found for found in parse(CURATED).feature if found.name == name)
        assert with_feature(CURATED, same) == CURATED
