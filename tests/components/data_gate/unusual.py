"""Valid rows of unusual retailers: one store or three, daily or weekly, sparse or steady, closed or just opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from numpy.typing import NDArray

from components.data_gate.batch_rows import BatchRows

_LAST = 20_000
_FLOATS = ("units_sold", "unit_price", "temperature", "holiday", "on_promotion", "on_hand")


@dataclass(frozen=True)
class Retailer:
    """How a retailer is unusual.

    Attributes:
        stores, products: how many.
        step: days of a period.
        rate: mean units of a series and period.
        units: ``chance``: Poisson; ``same``: the mean, each period; ``weekly``: the same each weekday.
        progress: periods that the batch is newer than the span before.
        overlap: whether the batch is the whole history, or its newest periods and one week before them.
        price: ``none``, ``always``, ``sold`` (a row without a sale has none) or ``some`` (a third is left empty).
        event: what happens in the newest periods that the span before does not hold.
        closed: weekday without a sale; 7: none.
        empty: column without any value in the newest week.
        seed: of the chance.
    """

    stores: int
    products: int
    step: Literal[1, 7]
    rate: float
    units: Literal["chance", "same", "weekly"]
    progress: int
    overlap: Literal["all", "week"]
    price: Literal["none", "always", "sold", "some"]
    event: Literal["none", "season", "sale", "store_opens", "holidays", "last_period_corrected"]
    closed: int
    empty: Literal["none", "on_promotion", "temperature", "on_hand"]
    seed: int

    def spans(self) -> tuple[BatchRows, BatchRows]:
        """The batch, and the span before."""
        whole = self._rows()
        border = _LAST - self.progress * self.step
        old = whole[(whole["date"] <= border) & ~whole["opens"]]
        new = whole if self.overlap == "all" else whole[whole["date"] > border - 7]
        if self.event == "last_period_corrected":
            partial = old["units_sold"].where(old["date"] < old["date"].max(), 0)
            old = old.assign(units_sold=partial)
        return self._batch(new), self._batch(old)

    def _batch(self, rows: pd.DataFrame) -> BatchRows:
        # As a span is made: a series begins with its first sale and ends with its last.
        sold = rows[rows["units_sold"] > 0].groupby(["store_id", "product_id"])["date"].agg(["min", "max"])
        ends = rows[["store_id", "product_id"]].merge(
            sold, how="left", left_on=["store_id", "product_id"], right_index=True
        )
        inside = (rows["date"].to_numpy() >= ends["min"].to_numpy()) & (
            rows["date"].to_numpy() <= ends["max"].to_numpy()
        )
        frame = rows[inside].drop(columns=["opens"]).reset_index(drop=True)
        external = tuple(name for name in ("temperature", "holiday") if name in frame)
        return BatchRows(frame, self.step, external)

    def _rows(self) -> pd.DataFrame:
        random = np.random.default_rng(self.seed)
        periods = 26 * 7 // self.step if self.step == 1 else 60
        dates = _LAST - self.step * np.arange(periods)[::-1]
        frame = pd.MultiIndex.from_product(
            [
                [f"S {i}" for i in range(self.stores)],
                [f"p/{i}" for i in range(self.products)],
                pd.Index(dates),
            ],
            names=["store_id", "product_id", "date"],
        ).to_frame(index=False)
        newest = (frame["date"] > _LAST - self.progress * self.step).to_numpy()
        frame["units_sold"] = self._units(frame, newest, random).astype(np.float32)
        frame["opens"] = False
        if self.event == "store_opens" and self.stores > 1:
            opens = frame["store_id"] == f"S {self.stores - 1}"
            frame = frame[~opens | newest].assign(opens=opens)
            newest = newest[frame.index]
        self._columns(frame, newest, random)
        week = (frame["date"] > _LAST - 7).to_numpy()
        if self.empty in frame:
            frame.loc[week, self.empty] = np.nan
        return frame.astype({name: np.float32 for name in _FLOATS if name in frame})

    def _units(self, frame: pd.DataFrame, newest: NDArray[Any], random: np.random.Generator) -> NDArray[Any]:
        size = len(frame)
        if self.units == "chance":
            mean = np.full(size, self.rate)
            if self.event == "season":
                mean = np.where(newest, 2.2 * mean, mean)
            units = random.poisson(mean)
        elif self.units == "same":
            units = np.full(size, max(1, round(self.rate)))
        else:
            units = 1 + (frame["date"] % 7 * max(1, round(self.rate))).to_numpy()
        if self.step == 1:
            units = np.where(frame["date"] % 7 == self.closed, 0, units)
        return (
            np.where(newest, 0, units)
            if self.event == "holidays" and self.progress * self.step <= 14
            else units
        )

    def _columns(self, frame: pd.DataFrame, newest: NDArray[Any], random: np.random.Generator) -> None:
        product = frame["product_id"].str[2:].astype(int).to_numpy()
        frame["category"] = np.where(product % 2 == 0, "a", "b")
        frame["holiday"] = (frame["date"] % 30 == 5).to_numpy(dtype=np.float32)
        frame["temperature"] = 10 + 5 * np.sin(frame["date"] / 20) + random.normal(0, 2, len(frame))
        frame["on_hand"] = random.integers(0, 20, len(frame))
        frame["on_promotion"] = (random.random(len(frame)) < 0.1).astype(np.float32)
        if self.event == "sale":
            frame["on_promotion"] = np.where(newest, 1, frame["on_promotion"])
        if self.price == "none":
            return
        price = (2 + product) * np.where(frame["on_promotion"] == 1, 0.7, 1)
        if self.price == "sold":
            price = np.where(frame["units_sold"] > 0, price, np.nan)
        if self.price == "some":
            price = np.where(random.random(len(frame)) < 0.33, np.nan, price)
        frame["unit_price"] = price


RETAILERS = st.builds(
    Retailer,
    stores=st.integers(1, 3),
    products=st.integers(1, 9),
    step=st.sampled_from([1, 7]),
    rate=st.sampled_from([0.03, 0.2, 1.0, 5.0, 40.0]),
    units=st.sampled_from(["chance", "chance", "same", "weekly"]),
    progress=st.integers(1, 9),
    overlap=st.sampled_from(["all", "week"]),
    price=st.sampled_from(["none", "always", "sold", "some"]),
    event=st.sampled_from(["none", "season", "sale", "store_opens", "holidays", "last_period_corrected"]),
    closed=st.integers(0, 7),
    empty=st.sampled_from(["none", "on_promotion", "temperature", "on_hand"]),
    seed=st.integers(
        0, 3
    ),  # Chance may exceed what is allowed for it: few draws, not a search for the rarest
).filter(
    # A sale without its mark is another level of prices, and is stopped.
    lambda retailer: (
        (retailer.event, retailer.empty) != ("sale", "on_promotion")
        and all(len(span.frame) for span in retailer.spans())
    )
)
