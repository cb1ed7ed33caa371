"""What the page shows, as plain data. None, or an empty tuple, is what the run did not come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from contracts.records.checks import AnyCheck, FeatureCheck
from contracts.records.summary import Component, DataSummary, Status


@dataclass(frozen=True)
class Served:
    """One model of the pair: ``version`` and ``folder`` of what this run pushed, None where it pushed nothing."""

    model: str
    blessed: bool
    version: int | None = None
    folder: str | None = None


@dataclass(frozen=True)
class Verdict:
    """How the run ended.

    Attributes:
        status: as in summary.json.
        began: when, UTC; None where ML Metadata does not know the run.
        models: the pair.
        reasons: why data or models were refused, or what failed; empty where the pair was pushed.
        next_steps: what to do now; code stands between backticks.
        because: why it ran, as whoever started it said.
    """

    run_id: str
    status: Status
    began: datetime | None
    models: tuple[Served, ...]
    reasons: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    because: str = ""


@dataclass(frozen=True)
class Incoming:
    """What came in, and what the summary does not tell of it; files map a file's name to its rows."""

    data: DataSummary
    filled_rows: int = 0
    read_rows: dict[str, int] = field(default_factory=dict)
    rejected_rows: dict[str, int] = field(default_factory=dict)
    rejected_reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bins:
    """Shares of the values of a number between neighbouring edges: [n + 1] edges, [n] shares.

    Where ``open_above`` the last share counts everything above the last edge too.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    open_above: bool = False


@dataclass(frozen=True)
class Span:
    """One feature in one span.

    Attributes:
        rows: of the span.
        missing: share of them without a value.
        bins: distribution of a number, on the same edges in both spans.
        values: share of each of a text's most frequent values.
        unique: how many values a text has.
        low, mean, median, high: of a number.
    """

    rows: int
    missing: float
    bins: Bins | None = None
    values: dict[str, float] = field(default_factory=dict)
    unique: int | None = None
    low: float | None = None
    mean: float | None = None
    median: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Feature:
    """One feature: ``new`` span, the span it was compared with, and the data gate's drift check of it."""

    name: str
    new: Span
    before: Span | None = None
    drift: FeatureCheck | None = None


@dataclass(frozen=True)
class Series:
    """Forecast against actual of one series over the test period, N periods.

    Attributes:
        rank: ``best``, ``median`` or ``worst``.
        store, product: whose series it is.
        wape: sum of the absolute errors over the sum of the units, on observed periods of all its test windows.
        dates: [N].
        units: actual, [N]; NaN where unknown or closed.
        observed: whether the period was fully stocked, [N].
        quantiles: by level, [N] each, units.
        origins: the dates at which the forecasts shown were made.
        promoted: whether a promotion or discount was planned, [N].
    """

    rank: str
    store: str
    product: str
    wape: float
    dates: tuple[date, ...]
    units: tuple[float, ...]
    observed: tuple[bool, ...]
    quantiles: dict[float, tuple[float, ...]]
    origins: tuple[date, ...]
    promoted: tuple[bool, ...]

    @property
    def middle(self) -> float:
        """The level nearest to the median."""
        return min(self.quantiles, key=lambda level: abs(level - 0.5))


@dataclass(frozen=True)
class Coverage:
    """Of one quantile level: the shares of demand below the quantile, and below or at it."""

    level: float
    below: float
    at_most: float


@dataclass(frozen=True)
class Policy:
    """What a policy cost and served in the simulation; ``fill_rate`` and the split are None for the lower bound.

    ``plans`` is true of the one by which the pair plans. ``waste_cost`` is 0 where nothing expires.
    """

    name: str
    total_cost: float
    holding_cost: float | None = None
    shortage_cost: float | None = None
    fill_rate: float | None = None
    stock_value: float | None = None
    plans: bool = False
    waste_cost: float = 0.0


@dataclass(frozen=True)
class Slice:
    """A part of the test split and a model's metrics on it, by metric."""

    name: str
    metrics: dict[str, float | None]


@dataclass(frozen=True)
class Method:
    """The model, or a plain method, and its metrics on the whole test split, by metric."""

    name: str
    metrics: Mapping[str, float | None]


@dataclass(frozen=True)
class Lineage:
    """What the models came from, one step an entry: what it is, its identity, and where it lies in the workspace."""

    pushed: bool
    steps: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ReportData:
    """Everything on the page.

    Attributes:
        verdict: how the run ended.
        incoming: the data.
        features: statistics of the rows; empty where the run ended before them.
        compared: the span that the new one was compared with, in words; None where there was none.
        checks: of both gates, the data gate's first.
        series: best, median and worst; empty where nothing was forecast.
        coverage: by level, ascending.
        coverage_band: how far a level may lie outside of its shares; None where it was not judged.
        policies: the cheapest first.
        planning: by which of them the pair plans, and why, as a sentence.
        methods: by model, itself first and then what it is held against; empty where it was not evaluated.
        slices: by model, the worst first.
        components: in the pipeline's order.
        lineage: None where no model was trained.
    """

    verdict: Verdict
    incoming: Incoming
    features: tuple[Feature, ...] = ()
    compared: str | None = None
    checks: tuple[AnyCheck, ...] = ()
    series: tuple[Series, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    coverage_band: float | None = None
    policies: tuple[Policy, ...] = ()
    methods: dict[str, tuple[Method, ...]] = field(default_factory=dict)
    slices: dict[str, tuple[Slice, ...]] = field(default_factory=dict)
    components: tuple[Component, ...] = ()
    lineage: Lineage | None = None
    planning: str = ""
