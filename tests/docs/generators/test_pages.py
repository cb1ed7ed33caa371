"""The documentation's tables say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.generators.pages import DOCS, configuration_tables, pages, pages_of_store
from pipeline.config import Config
from store.connections import Connections, connect


@pytest.mark.parametrize("path", list(pages()), ids=lambda path: path.name)
def test_generated_parts_are_up_to_date(path: Path) -> None:
    assert path.read_text() == pages()[path], "run python -m docs.generators.pages"


def test_the_store_is_described_as_its_catalog_says(store: Connections) -> None:
    with connect(store.owner) as connection:
        for path, text in pages_of_store(connection).items():
            assert path.read_text() == text, f"{path.name}: run python -m docs.generators.pages"


def test_every_setting_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", configuration_tables(), re.MULTILINE)
    assert len(rows) > 40
    assert [name for name, _, meaning in rows if not meaning.strip()] == []
    assert {"windows", "gate"} <= set(Config.model_fields)


def test_links_between_pages_lead_somewhere() -> None:
    root = DOCS.parent
    for page in [root / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:=]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
