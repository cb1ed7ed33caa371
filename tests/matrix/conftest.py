"""Cases go beside the other tests, which leave the second core idle for most of their time, and are asked for last."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from tests.matrix.cases import first, to_text
from tests.matrix.pool import Pool

CASES = {to_text(case): case for case in first(60)}
EVERY = 30
"""One of so many cases runs each node in a process of its own."""
WORKERS = 3
"""One more than there are cores: a case waits for its disk now and then."""

_POOL = pytest.StashKey[Pool]()
_GONE = pytest.StashKey[dict[str, "Future[list[str]]"]]()


def _case_of(item: pytest.Item) -> str | None:
    text = (
        item.callspec.params.get("text")
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        else None
    )
    return text if text in CASES else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait for a case go behind all others."""
    items.sort(key=lambda item: _case_of(item) is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Sends all cases on their way that will be asked for."""
    chosen = [text for text in map(_case_of, session.items) if text]
    if chosen and not session.config.option.collectonly:
        session.stash[_POOL] = pool = Pool(min(WORKERS, len(chosen)), patient=True)
        indices = {text: index for index, text in enumerate(CASES)}
        session.stash[_GONE] = {
            text: pool.ask(CASES[text], own_processes=indices[text] % EVERY == 0) for text in chosen
        }


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Ends the workers, also where the session was broken off."""
    if _POOL in session.stash:
        session.stash[_POOL].close()


@pytest.fixture
def gone(request: pytest.FixtureRequest) -> dict[str, Future[list[str]]]:
    """What does not hold of each case, by its text, once it has gone the whole way."""
    return request.session.stash[_GONE]
