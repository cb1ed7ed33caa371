"""Orders below their supplier's least value against trying every quantity of every line."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.arrays import Floats
from inventory.forecast_plan import Forecast, Terms, forecast_orders
from inventory.paths import independent_scores
from inventory.suppliers.minimum_value import LineCosts, settle
from inventory.suppliers.worth import Worth

LEVELS = (0.1, 0.5, 0.9)
SCORES = independent_scores(4)
LINES, PACKS = 3, 9


class Made:
    """Three lines of one order, ordered by the forecast plan."""

    def __init__(self, seed: int, same_worth: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self.pack = rng.integers(1, 4, LINES).astype(float)
        self.price = 6 / self.pack if same_worth else rng.integers(1, 6, LINES).astype(float)
        self.minimum = rng.choice([0.0, 2.0], LINES)
        self.maximum = rng.choice([np.nan, 9.0], LINES)
        self.terms = Terms(
            rng.integers(0, 2, LINES),
            rng.uniform(0.05, 0.5, LINES),
            rng.uniform(0.5, 5.0, LINES),
            self.pack,
            self.minimum,
            self.maximum,
        )
        self.forecast = Forecast(LEVELS, np.cumsum(rng.uniform(0, 2, (LINES, 4, 3)), axis=2), SCORES)
        self.state = rng.uniform(0, 5, LINES), np.zeros((LINES, 1))
        self.review = rng.integers(1, 4, LINES)
        self.quantity = forecast_orders(self.forecast, *self.state, self.terms, self.review).quantity
        self.cost = LineCosts(self.forecast, *self.state, self.terms, self.review)
        self.value = float((self.quantity * self.price).sum())

    def every(self) -> list[tuple[float, float, Floats]]:
        """Cost and worth of all quantities that can be ordered and are no less than those proposed."""
        choices = []
        for i in range(LINES):
            first = int(self.quantity[i] // self.pack[i])
            sizes = [self.quantity[i], *(k * self.pack[i] for k in range(first, first + PACKS + 4))]
            choices.append(
                sorted(
                    {
                        size
                        for size in sizes
                        if size >= self.quantity[i]
                        and (size == 0 or size >= self.minimum[i])
                        and not size > self.maximum[i]
                    }
                )
            )
        costs = [{size: self.cost(i, size) for size in sizes} for i, sizes in enumerate(choices)]
        return [
            (
                sum(costs[i][size] for i, size in enumerate(sizes)),
                float((np.array(sizes) * self.price).sum()),
                np.array(sizes),
            )
            for sizes in product(*choices)
        ]


def settled(made: Made, least: float, stays: float = np.inf) -> tuple[float, Floats, float]:
    bounds = made.pack, made.minimum, made.maximum
    found = settle(made.quantity, np.ones(LINES, bool), made.cost, made.price, least, bounds, stays)
    return found.rise, found.quantity, found.wait


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 12.0), st.booleans())
def test_it_is_met_at_hardly_more_than_the_least_cost(seed: int, missing: float, same: bool) -> None:
    made = Made(seed, same)
    least = made.value + missing
    before = sum(made.cost(i, float(q)) for i, q in enumerate(made.quantity))
    reaching = [cost - before for cost, value, _ in made.every() if value >= least - 1e-9]
    rise, quantity, _ = settled(made, least)
    if not reaching:
        return
    assert (quantity * made.price).sum() >= least - 1e-5
    assert (quantity >= made.quantity).all() and not (quantity > made.maximum).any()
    ordered = quantity > 0
    assert (quantity[ordered] >= made.minimum[ordered]).all()
    assert rise == pytest.approx(
        sum(made.cost(i, float(q)) for i, q in enumerate(quantity)) - before, abs=1e-9
    )
    assert min(reaching) - 1e-9 <= rise <= 2 * min(reaching) + 1e-9
    if same and not made.minimum.any():
        assert rise == pytest.approx(min(reaching), abs=1e-9)


def test_nearly_always_it_is_the_least() -> None:
    exact = total = 0
    for seed in range(150):
        made = Made(seed)
        least = made.value + 7.5
        before = sum(made.cost(i, float(q)) for i, q in enumerate(made.quantity))
        reaching = [cost - before for cost, value, _ in made.every() if value >= least]
        if reaching:
            total += 1
            exact += settled(made, least)[0] <= min(reaching) * 1.001 + 1e-9
    assert total > 100 and exact > 0.85 * total


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.floats(1.0, 60.0))
def test_it_waits_where_that_costs_less(seed: int, missing: float) -> None:
    made = Made(seed)
    rise, quantity, wait = settled(made, made.value + missing, 0.0)
    costs = [made.cost(i, 0.0) - made.cost(i, float(q)) for i, q in enumerate(made.quantity) if q > 0]
    assert wait == pytest.approx(sum(costs))
    assert (not quantity.any()) == (wait < rise)


def test_what_is_too_much_is_held_until_the_coming_cycles_have_asked_for_it() -> None:
    """Cycle by cycle: 10 units where 2 a cycle are wanted, and what is left of one is held throughout the next."""
    terms = Terms(
        np.array([0]), np.array([0.5]), np.array([9.0]), *(np.array([x]) for x in (1.0, 0.0, np.nan))
    )
    forecast = Forecast(LEVELS, np.full((1, 4, 3), 1.0), SCORES)
    cost = LineCosts(forecast, np.zeros(1), np.zeros((1, 1)), terms, np.array([2]))
    assert cost(0, 2.0) == pytest.approx(0.5 * 1)
    excess = 8.0
    in_cycle, later = 0.5 * (9 + 8), sum(0.5 * 2 * left for left in (6, 4, 2))
    assert cost(0, 2.0 + excess) == pytest.approx(in_cycle + later)


def test_what_costs_nobody_knows_is_not_raised_and_what_is_ordered_anyway_does_not_wait() -> None:
    made = Made(1)
    bounds = made.pack, made.minimum, made.maximum
    none = np.zeros(LINES, bool)
    stuck = settle(made.quantity, none, made.cost, made.price, made.value + 5, bounds, np.inf)
    assert stuck.quantity is made.quantity and stuck.rise == np.inf and not stuck.waits
    waits = settle(made.quantity, none, made.cost, made.price, made.value + 5, bounds, 3.0)
    assert waits.waits and waits.wait == 3.0
    free = np.where(np.arange(LINES) == 0, np.nan, made.price)
    value = float(np.nansum(free * made.quantity))
    raised = settle(made.quantity, np.ones(LINES, bool), made.cost, free, value + 5, bounds, np.inf)
    assert raised.quantity[0] == made.quantity[0]


def test_an_order_is_what_one_store_orders_of_one_supplier() -> None:
    worth = Worth(
        np.array([0, 0, 1, -1, 2]),
        np.array([2.0, np.nan, 1.0, 9.0, np.nan]),
        np.array([9.0, 9.0, 4.0, 0, 5.0]),
    )
    quantity = np.array([4.0, 50.0, 4.0, 1.0, 7.0])
    assert worth.of(quantity).tolist() == [8.0, 4.0, 0.0]
    assert [lines.tolist() for lines in worth.too_little(quantity)] == [[0, 1]]
    # Of the last nothing is known, so that it is taken.
    assert worth.taken(quantity).tolist() == [0.0, 0.0, 4.0, 1.0, 7.0]
    assert worth.too_little(np.zeros(5)) == []
