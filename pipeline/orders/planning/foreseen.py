"""What the demand forecast says of a plan's orders: which cost least, and what any are expected to come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from contracts.arrays import Flags, Floats, Integers
from inventory.expectations import Expectations, expectations_of_orders
from inventory.forecast_plan import Forecast, Orders, Terms, forecast_orders
from inventory.metrics import cost_of_waste
from inventory.suppliers.minimum_value import LineCosts
from pipeline.orders.planning.position import FINEST, Position

_PROBABILITY_DECIMALS = 4
_UNITS_DECIMALS = 3


@dataclass(frozen=True)
class Foreseen:
    """The series whose protection interval the forecast covers, and their position.

    Attributes:
        count: N, of all series.
        series: which of them, [M].
        forecast, terms: of these.
        on_hand: units, [M].
        arriving: units, [M, K], as of ``Position``.
        review_period: R of these, periods until the next order, [M].
    """

    count: int
    series: Integers
    forecast: Forecast
    terms: Terms
    on_hand: Floats
    arriving: Floats
    review_period: Integers

    @classmethod
    def of(
        cls,
        column: Mapping[str, Floats],
        forecast: Forecast,
        covered: Flags,
        position: Position,
    ) -> Foreseen:
        """Leaves out those that are not covered.

        Args:
            column: of the scored series, by name, each [N].
            forecast: of all of them.
            covered: [N].
            position: theirs.
        """
        terms = Terms.of_columns(
            column,
            kept=column["presentation_stock"],
            shelf_life=column["shelf_life"],
            waste_cost=cost_of_waste(column["unit_cost"], column["shortage_cost"]),
        )
        series = np.flatnonzero(covered)
        return cls(
            len(covered),
            series,
            forecast.of(series),
            terms.of(series),
            position.on_hand[series],
            position.arriving[series],
            column["review_period"].astype(np.int64)[series],
        )

    def costs_of(self, series: Integers) -> LineCosts:
        """The expected costs of some of these series, by their numbers among all."""
        some = np.searchsorted(self.series, series)
        return LineCosts(
            self.forecast.of(some),
            self.on_hand[some],
            self.arriving[some],
            self.terms.of(some),
            self.review_period[some],
        )

    def orders(self) -> Orders:
        """The forecast plan's orders, each [N]; NaN where the forecast does not reach."""
        found = forecast_orders(self.forecast, self.on_hand, self.arriving, self.terms, self.review_period)
        return Orders(*(self._spread(self.series, getattr(found, field.name)) for field in fields(found)))

    def expected(self, quantity: Floats) -> dict[str, pa.Array]:
        """What orders are expected to come to, as columns of the lines, each [N].

        Null where the forecast does not reach, and where nobody wants to know.

        Args:
            quantity: units ordered, [N]; NaN where nobody wants to know.
        """
        some = np.flatnonzero(np.isfinite(quantity[self.series]))
        chosen = self.series[some]
        found = expectations_of_orders(
            self.forecast.of(some),
            quantity[chosen],
            self.on_hand[some],
            self.arriving[some],
            self.terms.of(some),
            self.review_period[some],
        )
        return {
            field.name: pa.array(
                self._spread(chosen, np.round(getattr(found, field.name), _decimals(field.name))),
                from_pandas=True,
            )
            for field in fields(Expectations)
        }

    def spread(self, values: Floats) -> Floats:
        """Values of these series among all of them, [N]; NaN elsewhere."""
        return self._spread(self.series, values)

    def _spread(self, series: Integers, values: Floats) -> Floats:
        whole = np.full(self.count, np.nan)
        whole[series] = values
        return whole


def _decimals(name: str) -> int:
    """Money may be of any size: a unit of some goods costs a thousandth of it a day."""
    if name.endswith("probability"):
        return _PROBABILITY_DECIMALS
    return FINEST if "cost" in name else _UNITS_DECIMALS
