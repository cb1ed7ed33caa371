"""What wrong guesses cost, by a clock that the test moves, against a plain count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.service.guesses import Guesses, peer_of


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 8), st.sampled_from([0.5, 1.0, 5.0]))
def test_never_more_than_the_burst_and_one_each_so_many_seconds(
    pauses: list[float], burst: int, seconds: float
) -> None:
    clock = Clock()
    guesses = Guesses(burst, seconds, clock)
    made: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = guesses.wait("peer")
        # In every stretch of time up to now: no more than its burst and what came back within it.
        free = all(
            len([moment for moment in made if moment >= start]) + 1
            <= burst + (clock.now - start) / seconds + 1e-6
            for start in made
        )
        if wait > 1e-6:
            assert not free
        if wait == 0:
            assert free
            guesses.add("peer")
            made.append(clock.now)


def test_ten_thousand_guesses_take_as_long_as_the_limit_says() -> None:
    clock = Clock()
    guesses = Guesses(20, 5.0, clock)
    begun, asked = clock.now, 0
    for _ in range(10_000):
        while wait := guesses.wait("peer"):
            asked += 1
            clock.now += wait
        guesses.add("peer")
    assert clock.now - begun >= (10_000 - 20) * 5.0 * 0.999
    assert asked > 9000, "waiting as long as one is told is enough"


def test_nobody_waits_for_the_guesses_of_another() -> None:
    clock = Clock()
    guesses = Guesses(2, 5.0, clock)
    for _ in range(2):
        guesses.add("one")
    assert (guesses.wait("one"), guesses.wait("other")) == (5.0, 0.0)
    clock.now += 5
    assert guesses.wait("one") == 0


def test_no_more_is_remembered_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.service.guesses._REMEMBERED", 3)
    guesses = Guesses(1, 5.0, Clock())
    for who in "abca":
        guesses.add(who)
    guesses.add("d")
    assert [guesses.wait(who) > 0 for who in "abcd"] == [True, False, True, True]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("testclient", "testclient", True),
    ],
)
def test_whose_guesses_count_together(one: str, other: str, same: bool) -> None:
    assert (peer_of(one) == peer_of(other)) == same
