"""Every feature of a training window, declared once, as data.

Windowing writes these features, the transform graph reads them, the serving signatures are made from them.
A window is one series (store and product) at one origin, the end of period t. History runs over the
``history`` periods up to and including t, oldest first; the future over t+1 .. t+horizon.

Over 300 lines: it is one table, and people look in one place for what a model sees.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from transforms.long_history import YEARS, spans
from transforms.naming import external_name

DType = Literal["float", "int", "string"]
Role = Literal["static", "history", "future", "label", "evaluation"]

HISTORY_PREFIX = "history_"
FUTURE_PREFIX = "future_"
_FLOAT: Literal["float"] = "float"
_STRING: Literal["string"] = "string"
LATEST = 84_000
"""Of the origin, days since 1970-01-01: end of 2199. What lies beyond was given in another unit."""

PLANNABLE = {"price": "unit_price", "discount": "discount", "promotion": "on_promotion"}
"""What a retailer sets himself, and may have planned ahead: feature, after its prefix, and column of the rows."""


@dataclass(frozen=True)
class Feature:
    """One feature of a window.

    Attributes:
        name: its name in the tf.Example and in the serving signature.
        dtype: float is float32, int is int64; a missing float is NaN, a missing string is empty.
        size: number of values; shape is always ``[size]``.
        role: ``static``, ``history`` and ``future`` are known at the origin and may feed a model;
            ``label`` and ``evaluation`` are absent at serving.
        meaning: what it is and in which unit.
        default: what serving may assume where a caller leaves the feature out; None where it is required.
        lowest: the least value that means anything; None where any does.
        highest: the same for the greatest.
    """

    name: str
    dtype: DType
    size: int
    role: Role
    meaning: str
    default: float | int | str | None = None
    lowest: float | None = None
    highest: float | None = None


@dataclass(frozen=True)
class External:
    """An external column among the features.

    Attributes:
        column: its own name, which people see.
        name: its name among the features, raw and transformed, after ``history_`` and ``future_``.
        dtype: float or string.
        reach: how many of the periods t+1 .. t+H are known at t; 0: history only.
    """

    column: str
    name: str
    dtype: Literal["float", "string"]
    reach: int

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Of the features that it gives."""
        return (HISTORY_PREFIX, FUTURE_PREFIX) if self.reach else (HISTORY_PREFIX,)


@dataclass(frozen=True)
class FeatureSpace:
    """The features of one pipeline: the core ones, and the external columns that the retailer's data has.

    Attributes:
        history: T, periods of history in a window.
        horizon: H, periods forecast.
        period_days: 1 for daily data, 7 for weekly.
        numeric_external: names of numeric external columns, all of them history features.
        text_external: the same for text columns.
        known_ahead: columns of the rows of which the future is known too, and how many of the periods t+1 .. t+H
            are at t, 1 .. H. Beyond them, and of every other column, nothing of the future is known, in training,
            evaluation, simulation, plan and serving alike.
    """

    history: int
    horizon: int
    period_days: int = 1
    numeric_external: tuple[str, ...] = ()
    text_external: tuple[str, ...] = ()
    known_ahead: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.history < 1 or self.horizon < 1:
            raise ValueError("history and horizon are at least one period")
        if self.period_days not in (1, 7):
            raise ValueError("a period is a day or a week: period_days is 1 or 7")
        reaches = dict(self.known_ahead)
        unknown = set(reaches) - {*self.numeric_external, *self.text_external, *PLANNABLE.values()}
        if unknown:
            raise ValueError(f"known_ahead names columns that windows do not have: {sorted(unknown)}")
        if not all(1 <= reach <= self.horizon for reach in reaches.values()):
            raise ValueError(f"known_ahead is between 1 and the horizon, {self.horizon} periods: {reaches}")

    @property
    def has_weekday(self) -> bool:
        """Whether a period's weekday says anything: all weeks begin on the same one."""
        return self.period_days == 1

    def reach(self, column: str) -> int:
        """How many of the periods t+1 .. t+H of a column of the rows are known at t."""
        return dict(self.known_ahead).get(column, 0)

    def planned(self) -> dict[str, int]:
        """The plannable features, without their prefix, that are known ahead, and how far."""
        return {name: reach for name, column in PLANNABLE.items() if (reach := self.reach(column))}

    def externals(self) -> tuple[External, ...]:
        """The external columns, numeric ones first."""
        return tuple(
            External(column, external_name(column), dtype, self.reach(column))
            for columns, dtype in ((self.numeric_external, _FLOAT), (self.text_external, _STRING))
            for column in columns
        )

    def numeric(self) -> tuple[External, ...]:
        """The numeric external columns."""
        return tuple(external for external in self.externals() if external.dtype == _FLOAT)

    def texts(self) -> tuple[External, ...]:
        """The external columns of text."""
        return tuple(external for external in self.externals() if external.dtype == _STRING)

    def static(self) -> tuple[Feature, ...]:
        return (
            Feature("store_id", "string", 1, "static", "the store", ""),
            Feature("product_id", "string", 1, "static", "the product", ""),
            Feature("category", "string", 1, "static", "the product's category, empty where unknown", ""),
            Feature("origin", "int", 1, "static", "the period t, days since 1970-01-01", None, 0, LATEST),
            Feature("lead_time", "int", 1, "static", "periods from order to arrival, L", 0, 0),
            Feature("review_period", "int", 1, "static", "periods between two reviews, R", 1, 1),
            Feature(
                "holding_cost", "float", 1, "static", "money per unit and period", self.period_days / 7, 0
            ),
            Feature("shortage_cost", "float", 1, "static", "money per unit not served", 9.0, 0),
        )

    def _over_time(self, role: Literal["history", "future"]) -> tuple[Feature, ...]:
        prefix, size = (HISTORY_PREFIX, self.history) if role == "history" else (FUTURE_PREFIX, self.horizon)
        nan = float("nan")
        features = [
            Feature(prefix + name, "float", size, role, meaning, nan, 0, highest)
            for name, meaning, highest in (
                ("price", "unit price, money; NaN where unknown", None),
                ("discount", "fraction of the list price paid", 1),
                ("promotion", "1 on promotion, else 0", 1),
            )
            if role == "history" or self.reach(PLANNABLE[name])
        ]
        for external in self.externals():
            if prefix in external.prefixes:
                meaning, missing = (
                    f"external factor {external.column}",
                    nan if external.dtype == "float" else "",
                )
                features.append(Feature(prefix + external.name, external.dtype, size, role, meaning, missing))
        return tuple(features)

    def past(self) -> tuple[Feature, ...]:
        return (
            Feature(
                "history_units", "float", self.history, "history", "units sold, 0 where unknown", None, 0
            ),
            Feature(
                "history_present",
                "float",
                self.history,
                "history",
                "1 where the units are known, less where a predecessor's stand in for them, else 0",
                None,
                0,
                1,
            ),
            Feature(
                "history_in_stock",
                "float",
                self.history,
                "history",
                "share of the period with stock, 0..1; 0 where the units are unknown",
                None,
                0,
                1,
            ),
            self._open("history"),
            *self._over_time("history"),
            *self._before(),
        )

    def _before(self) -> tuple[Feature, ...]:
        """Of the time before the history, see transforms.long_history."""
        nan, lengths = float("nan"), spans(self.period_days)
        longer = ", ".join(map(str, lengths.levels))
        features = [
            Feature(
                "long_levels", "float", len(lengths.levels), "history",
                f"mean units of the stocked ones of the last {longer} periods; NaN where there is none", nan, 0,
            )
        ]  # fmt: skip
        for name, years in YEARS.items():
            then = f"{years * lengths.year} periods before"
            for feature, size, meaning in (
                (f"{name}_level", 1, f"mean units of the {lengths.year_level} periods up to {then} t"),
                (name, self.horizon, f"units of the period {then}"),
                (
                    f"{name}_smoothed",
                    self.horizon,
                    f"mean units of that period and {lengths.around} on either side",
                ),
            ):
                text = f"{meaning}; NaN where unknown or out of stock"
                features.append(Feature(feature, "float", size, "history", text, nan, 0))
        return tuple(features)

    def future(self) -> tuple[Feature, ...]:
        return (self._open("future"), *self._over_time("future"))

    def _open(self, role: Literal["history", "future"]) -> Feature:
        prefix, size = (HISTORY_PREFIX, self.history) if role == "history" else (FUTURE_PREFIX, self.horizon)
        return Feature(
            prefix + "open", "float", size, role, "1 where the store is open, 0 where closed", 1.0, 0, 1
        )

    def labels(self) -> tuple[Feature, ...]:
        size = self.horizon
        return (
            Feature("label_units", "float", size, "label", "units sold, 0 where unknown"),
            Feature("label_observed", "float", size, "label", "1 where known and in stock throughout"),
            Feature("label_known", "float", size, "label", "1 where known, in stock or not; 0 where closed"),
            Feature(
                "label_demand",
                "float",
                size,
                "label",
                "units wanted: what was sold, scaled up where stock lasted for a part of the period; 0 where closed",
            ),
            Feature(
                "label_demand_known",
                "float",
                size,
                "label",
                "1 where closed, or known and in stock for long enough to tell the demand",
            ),
            Feature(
                "protection_demand",
                "float",
                1,
                "label",
                "units wanted over t+1 .. t+lead_time+review_period",
            ),
            Feature("protection_observed", "float", 1, "label", "1 where all of that demand is known"),
            Feature("pack_size", "float", 1, "label", "units; orders are whole packs"),
        )

    def evaluation(self) -> tuple[Feature, ...]:
        return (
            Feature("seasonal_naive", "float", self.horizon, "evaluation", "units of the last same season"),
            Feature("recent_mean", "float", self.horizon, "evaluation", "mean units of the last week(s)"),
            Feature(
                "base_stock_level",
                "float",
                1,
                "evaluation",
                "order-up-to level with normal safety stock, units",
            ),
            Feature("volume_class", "string", 1, "evaluation", "slow, medium or fast"),
            Feature("promotion", "string", 1, "evaluation", "yes where the horizon has a promotion"),
        )

    def model_inputs(self) -> tuple[Feature, ...]:
        """What a model may see: all that is known at the origin."""
        return self.static() + self.past() + self.future()

    def decision_features(self) -> tuple[Feature, ...]:
        """All features of a window at which the simulation places orders."""
        level = next(feature for feature in self.evaluation() if feature.name == "base_stock_level")
        return (*self.model_inputs(), level)

    def raw_features(self) -> tuple[Feature, ...]:
        """All features of a training window."""
        return self.model_inputs() + self.labels() + self.evaluation()

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> FeatureSpace:
        fields: Mapping[str, object] = json.loads(text)
        return cls(**{name: _frozen(value) for name, value in fields.items()})  # type: ignore[arg-type]


def _frozen(value: object) -> object:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
