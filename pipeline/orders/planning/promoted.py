"""What all planned promotions of a plan's forecasts add."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc


@dataclass(frozen=True)
class Promoted:
    """The coming periods of all series that are planned on promotion or at a discount.

    Attributes:
        periods: how many, each series' own.
        series: how many have one or more.
        forecast: units of the mean forecast in these periods.
        added: units of them that the promotions add.
    """

    periods: int
    series: int
    forecast: float
    added: float

    def __str__(self) -> str:
        """One sentence."""
        plain = self.forecast - self.added
        share = f" ({self.added / plain:+.0%})" if plain > 0 else ""
        return (
            f"planned promotions: {self.periods:,} periods of {self.series:,} series; {self.forecast:,.0f} units are "
            f"forecast there, {self.added:+,.0f}{share} by the promotions"
        )


def promoted(forecasts: pa.Table) -> Promoted | None:
    """Args: forecasts: rows of ``pipeline.orders.forecast_rows``. None where no promotion is planned."""
    there = forecasts.filter(pc.is_valid(forecasts["promotion_units"]))
    if not there.num_rows:
        return None
    series = there.group_by(["store_id", "product_id"]).aggregate([]).num_rows
    total, added = (
        float(pc.sum(there[name].cast(pa.float64())).as_py()) for name in ("mean", "promotion_units")
    )
    return Promoted(there.num_rows, series, total, added)
