"""YAML as people write settings: a mapping in which every name stands once, and nothing that grows when it is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from contracts.errors import UserError, cannot

LARGEST = 1 << 20
_PLAIN = re.compile(r"[\w-]+")


def read_mapping(path: Path, remedy: str, *, texts: bool = False) -> dict[str, Any]:
    """Reads a file of settings; an empty one is an empty mapping.

    Args:
        remedy: what to do where it cannot be read.
        texts: leave every value the text that it is.

    Raises:
        UserError: it cannot be read, is larger than ``LARGEST`` or no such YAML; with the line.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise cannot(error, f"{path}: cannot be read", remedy, UserError) from error
    if len(content) > LARGEST:
        raise UserError(f"{path}: is larger than {LARGEST // 2**20} MiB, which no settings are; {remedy}")
    try:
        # The loaders are subclasses of yaml's safe ones.
        found = yaml.load(content.decode("utf-8-sig"), Loader=_Texts if texts else _Values)  # noqa: S506
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is no YAML: it is no UTF-8 text ({error}); {remedy}") from error
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise UserError(f"{path}: is no YAML: {said}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise UserError(f"{path}: the whole holds {type(found).__name__}, expected sections such as 'name:'")
    return found


def wrong_settings(path: Path, error: ValidationError, model: type[BaseModel]) -> UserError:
    """Every setting of a file that cannot be used, with the name that was probably meant.

    Args:
        error: of ``model``.
        model: what the file was to be.
    """
    lines = []
    for found in error.errors(include_url=False, include_context=False, include_input=False):
        place = [str(part) for part in found["loc"]]
        # A name of blanks or line breaks would not be seen.
        name = ".".join(part if _PLAIN.fullmatch(part) else repr(part) for part in place) or "the whole"
        text = found["msg"].removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            close = get_close_matches(place[-1], _names(model, place[:-1]), 1)
            text = "there is no such setting" + (f"; did you mean {close[0]}?" if close else "")
        lines.append(f"  {name}: {text}")
    return UserError(f"{path}: {len(lines)} setting(s) cannot be used:\n" + "\n".join(lines))


def _names(model: type[BaseModel], sections: Sequence[str]) -> list[str]:
    """Names of the settings of a section."""
    for section in sections:
        field = model.model_fields.get(section)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return list(model.model_fields)


class _Strict(yaml.composer.Composer):
    """Refuses aliases, which a few lines can make into gigabytes, and names that stand twice, of which one is lost."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):  # type: ignore[attr-defined]
            event = self.peek_event()  # type: ignore[attr-defined]
            raise yaml.composer.ComposerError(
                None,
                None,
                f"write the value of *{event.anchor} once more: settings have no aliases",
                event.start_mark,
            )
        return super().compose_node(parent, index)

    def compose_mapping_node(self, anchor: Any) -> Any:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.composer.ComposerError(None, None, "a setting's name is a text", key.start_mark)
            if key.value in seen:
                raise yaml.composer.ComposerError(None, None, f"{key.value} stands twice", key.start_mark)
            seen.add(key.value)
        return node


class _Values(_Strict, yaml.SafeLoader):
    """With YAML's types."""


class _Texts(_Strict, yaml.BaseLoader):
    """Every value as text."""
