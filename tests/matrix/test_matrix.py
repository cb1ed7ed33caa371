"""Sixty generated retailers go the whole way; `make test-matrix` sends a thousand. See ``tests.matrix.way``."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from tests.matrix.conftest import CASES

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("text", CASES, ids=map(str, range(len(CASES))))
def test_case(gone: dict[str, Future[list[str]]], text: str) -> None:
    broken = gone[text].result()
    assert not broken, "\n".join([*broken, f"repeat it: python -m tests.matrix --case '{text}'"])
