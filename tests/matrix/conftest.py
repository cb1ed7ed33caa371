"""One pool of workers for all cases of a session."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from tests.matrix.cases import first, to_text
from tests.matrix.pool import Pool

CASES = {to_text(case): case for case in first(60)}
EVERY = 20
"""One of so many cases runs each node in a process of its own."""
WORKERS = 2


@pytest.fixture(scope="session")
def gone(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[list[str]]]]:
    """What does not hold of each case that was asked for, by its text; all of them are under way at once."""
    asked = [item.callspec.params.get("text") for item in request.session.items if hasattr(item, "callspec")]
    chosen = [text for text in CASES if text in asked]
    pool = Pool(min(WORKERS, len(chosen)))
    places = {text: place for place, text in enumerate(CASES)}
    yield {text: pool.ask(CASES[text], own_processes=places[text] % EVERY == 0) for text in chosen}
    pool.close()
