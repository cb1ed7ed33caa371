"""Edits of a schema's text: one feature changes, and every other byte of the file stays.

The text format of protocol buffers has comments from ``#`` to the end of the line, strings in either kind of quotes
with backslash escapes, and blocks in braces. That is all that is needed to find where a feature begins and ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

_TOKEN = re.compile(
    r"""\#[^\n]*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[{}<>\[\]:;,]|[^\s{}<>\[\]:;,#"']+|\s+""", re.DOTALL
)
_OPEN, _CLOSE, _SEPARATORS, _QUOTES = "{<[", "}>]", ";,", ("'", '"')
_INDENT = "  "


@dataclass(frozen=True)
class _Field:
    """One field of a message in a text: its name, and where it begins and ends."""

    name: str
    start: int
    end: int


def parse(text: str) -> schema_pb2.Schema:
    """The schema that a text says.

    Raises:
        text_format.ParseError: it is no schema; the message has line and column.
    """
    return text_format.Parse(text, schema_pb2.Schema())


def with_feature(text: str, feature: schema_pb2.Feature) -> str:
    """The text with this feature in place of the one of its name, or at its end where it has none.

    Fields of the feature that stay as they are keep their text and their comments; a comment above a field that goes
    stays too. Where nothing changes the text comes back as it was.
    """
    for block in _fields(text, 0, len(text)):
        if block.name != "feature":
            continue
        body = text.index("{", block.start) + 1, block.end - 1
        present = _message(text[body[0] : body[1]])
        if present.name == feature.name:
            if present == feature:
                return text
            changed = _merged(text[body[0] : body[1]], feature)
            return text[: body[0]] + changed + text[body[1] :]
    end = "" if not text or text.endswith("\n") else "\n"
    lines = "".join(f"{_INDENT}{line}\n" for line in _one_by_one(feature))
    return f"{text}{end}feature {{\n{lines}}}\n"


def _merged(body: str, feature: schema_pb2.Feature) -> str:
    wanted = _one_by_one(feature)
    fields = list(_fields(body, 0, len(body)))
    texts = [_canonical(body[field.start : field.end]) for field in fields]
    # First what stays, so that a field that changed is not written over one that did not.
    left = list(wanted)
    stays = []
    for text in texts:
        stays.append(text in left)
        if text in left:
            left.remove(text)
    parts, position = [], 0
    for field, same in zip(fields, stays, strict=True):
        parts.append(body[position : field.start])
        if same:
            parts.append(body[field.start : field.end])
        else:
            new = next((line for line in left if _name(line) == field.name), None)
            if new is None:
                parts[-1] = parts[-1].rstrip(" \t") if "#" in parts[-1] else parts[-1].rstrip()
            else:
                left.remove(new)
                parts.append(new)
        position = field.end
    rest = body[position:]
    if left:
        multiline = "\n" in body
        lead = f"\n{_INDENT}" if multiline else " "
        # Behind a comment that ends the last line there must be a new line in any case.
        rest = rest.rstrip() if rest.strip() else ""
        parts += [rest, *(lead + line for line in left), "\n" if multiline or "#" in rest else " "]
    else:
        parts.append(rest)
    return "".join(parts)


def _one_by_one(feature: schema_pb2.Feature) -> list[str]:
    """Each field of a feature as one line of text."""
    lines = []
    for descriptor, value in feature.ListFields():
        repeated = isinstance(value, list) or hasattr(value, "append")
        for item in value if repeated else [value]:
            single = schema_pb2.Feature()
            if repeated and descriptor.message_type is not None:
                getattr(single, descriptor.name).add().CopyFrom(item)
            elif repeated:
                getattr(single, descriptor.name).append(item)
            elif descriptor.message_type is not None:
                getattr(single, descriptor.name).SetInParent()
                getattr(single, descriptor.name).CopyFrom(item)
            else:
                setattr(single, descriptor.name, item)
            lines.append(_one_line(single))
    return lines


def _message(body: str) -> schema_pb2.Feature:
    return text_format.Parse(body, schema_pb2.Feature())


def _canonical(field: str) -> str:
    return _one_line(_message(field))


def _one_line(message: schema_pb2.Feature) -> str:
    text: str = text_format.MessageToString(message, as_one_line=True)
    return text.strip()


def _name(line: str) -> str:
    return re.split(r"[:\s{]", line, maxsplit=1)[0]


def _fields(text: str, begin: int, end: int) -> Iterator[_Field]:
    """The fields of the message whose body is ``text[begin:end]``, in order."""
    tokens = [
        found
        for found in _TOKEN.finditer(text, begin, end)
        if not found.group().isspace() and not found.group().startswith("#")
    ]
    at = 0
    while at < len(tokens):
        first = tokens[at]
        at += 1
        if at < len(tokens) and tokens[at].group() == ":":
            at += 1
        at = _past_value(tokens, at)
        yield _Field(first.group(), first.start(), tokens[at - 1].end())
        if at < len(tokens) and tokens[at].group() in _SEPARATORS:
            at += 1


def _past_value(tokens: list[re.Match[str]], at: int) -> int:
    """Where the value ends that begins at a token: a block, a word, or strings that stand side by side."""
    depth = 0
    while at < len(tokens):
        word = tokens[at].group()
        at += 1
        depth += (word in _OPEN) - (word in _CLOSE)
        follows = tokens[at].group() if at < len(tokens) else ""
        if depth == 0 and not (word.startswith(_QUOTES) and follows.startswith(_QUOTES)):
            break
    return at
