"""The page's pictures. Each can be read without colour: by line style, marker, hatching and words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from contracts.policies import CLAIRVOYANT, MODEL
from pipeline.reporting.data import Coverage, Feature, Policy, Series, Span
from pipeline.reporting.drawing import short

DARK, BLUE, PALE, ORANGE, GREY = "#1b1b1b", "#0b4f8a", "#bcd3e8", "#a34700", "#5c5c5c"
_MARKERS = "osD^vP*X<>"
_SMALL, _LARGE, _SQUARE = (2.9, 1.55), (4.2, 3.0), (4.2, 3.6)
_MARGINS = {"left": 0.15, "right": 0.95, "bottom": 0.17, "top": 0.94}


def distribution(feature: Feature) -> Figure:
    """Shares of values: the new span filled, the span before as a dashed line or as rings."""
    if feature.new.bins is not None:
        # There are dozens of these pictures, with labels of one size: arranging them takes half their time.
        figure = Figure(figsize=_SMALL)
        axes = figure.subplots(gridspec_kw=_MARGINS)
        _bins(axes, feature.new, feature.before)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.yaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_formatter("{x:.7g}")
        axes.xaxis.set_major_locator(MaxNLocator(4))
    else:
        figure, axes = _figure(_SMALL)
        _values(axes, feature.new, feature.before)
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if _widest(feature) > 0.05 else 1))
        axes.xaxis.set_major_locator(MaxNLocator(4))
    return figure


def forecast(series: Series) -> Figure:
    """Actual units as dots, hollow where stock ran out; the median as a line within bands of the outer quantiles.

    Periods with a planned promotion are hatched.
    """
    figure, axes = _figure(_LARGE)
    days = date2num(series.dates)
    half = np.diff(days).min(initial=7.0 if len(days) == 1 else np.inf) / 2
    for i, day in enumerate(days[np.array(series.promoted, bool)]):
        axes.axvspan(
            day - half,
            day + half,
            facecolor="#fbeee0",
            edgecolor="#e0b48a",
            hatch="///",
            linewidth=0.0,
            zorder=0.5,
            label=None if i else "promotion planned",
        )
    levels = list(series.quantiles)
    pairs = [(low, levels[-1 - i]) for i, low in enumerate(levels[: len(levels) // 2])]
    # At most two bands: more could not be told apart without colour.
    shown = pairs[:1] if len(pairs) < 2 else [pairs[0], pairs[-1]]
    for (low, high), (face, edge) in zip(shown, (("#dfe9f3", ":"), ("#a9c6e0", "--")), strict=False):
        lower, upper = (np.array(series.quantiles[level]) for level in (low, high))
        label = f"{low:.0%} to {high:.0%} quantile"
        axes.fill_between(days, lower, upper, facecolor=face, edgecolor="none", label=label)
        for bound in (lower, upper):
            axes.plot(days, bound, color=BLUE, linestyle=edge, linewidth=0.7)
    middle = series.middle
    axes.plot(days, series.quantiles[middle], color=BLUE, linewidth=1.6, label=f"{middle:.0%} quantile")
    seen = np.array(series.observed)
    units = np.array(series.units)
    partly = ~seen & np.isfinite(units)
    for which, face, label in ((seen, DARK, "actual"), (partly, "white", "actual, without full stock")):
        if which.any():
            axes.plot(
                days[which],
                units[which],
                "o",
                markersize=3.6,
                color=DARK,
                markerfacecolor=face,
                label=label,
                clip_on=False,
            )
    for origin in series.origins[1:]:
        axes.axvline(float(date2num(origin)) + 0.5, color=GREY, linewidth=0.8, linestyle="-.")
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.set_ylabel("units")
    axes.set_ylim(bottom=0)
    _legend_below(figure, columns=2)
    return figure


def calibration(coverage: Sequence[Coverage], band: float | None) -> Figure:
    """Observed against nominal coverage: a bar from the share below to the share up to each quantile."""
    figure, axes = _figure(_SQUARE)
    line = np.linspace(0, 1, 201)
    if band is not None:
        axes.fill_between(
            line,
            np.clip(line - band, 0, 1),
            np.clip(line + band, 0, 1),
            facecolor="#e4e4e4",
            edgecolor=GREY,
            linestyle=":",
            linewidth=0.8,
            label=f"allowed: within {band:g}",
        )
    axes.plot(line, line, color=GREY, linestyle="--", linewidth=1.0, label="perfectly calibrated")
    levels = np.array([found.level for found in coverage])
    below, up_to = (np.array([getattr(found, name) for found in coverage]) for name in ("below", "at_most"))
    axes.vlines(levels, below, up_to, color=BLUE, linewidth=2.2, label="between the two shares")
    axes.plot(levels, below, "v", color=BLUE, markersize=5, label="demand below the quantile")
    axes.plot(levels, up_to, "^", color=ORANGE, markersize=5, label="demand below or at it")
    for formatter in (axes.xaxis, axes.yaxis):
        formatter.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_xlabel("nominal: level of the quantile")
    axes.set_ylabel("observed share of demand")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    _legend_below(figure, columns=2)
    return figure


def cost_against_service(policies: Sequence[Policy]) -> Figure:
    """A marker for each policy: further right serves more, further down costs less."""
    figure, axes = _figure(_SQUARE)
    placed = [(policy.fill_rate, policy) for policy in policies if policy.fill_rate is not None]
    for i, (fill_rate, policy) in enumerate(placed):
        own = policy.plans
        axes.plot(
            [fill_rate],
            [policy.total_cost],
            _MARKERS[i % len(_MARKERS)],
            markersize=10 if own else 7,
            color=ORANGE if own else BLUE,
            # Policies of nearly the same cost lie on each other: open markers let the one below be seen.
            markerfacecolor=ORANGE if own else "none",
            markeredgewidth=1.6,
            linestyle="none",
            zorder=2.0 if own else 3.0,
            label=titled(policy),
        )
    for policy in policies:
        if policy.fill_rate is None:
            axes.axhline(policy.total_cost, color=DARK, linestyle="--", linewidth=1.0, label=titled(policy))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("fill rate: share of demand served")
    axes.set_ylabel("total cost")
    axes.set_ylim(bottom=0)
    axes.margins(x=0.1)
    _legend_below(figure, columns=2)
    return figure


def cost_split(policies: Sequence[Policy]) -> Figure:
    """Holding cost plain, shortage cost hatched and, where units expire, waste dotted; the cheapest policy on top."""
    split = [p for p in policies if p.holding_cost is not None and p.shortage_cost is not None]
    figure, axes = _figure((4.2, 1.2 + 0.33 * len(split)))
    positions = np.arange(len(split))
    holding = np.array([policy.holding_cost for policy in split], float)
    shortage = np.array([policy.shortage_cost for policy in split], float)
    axes.barh(positions, holding, color=PALE, edgecolor=DARK, linewidth=0.8, label="holding")
    axes.barh(
        positions,
        shortage,
        left=holding,
        color="#f3cfae",
        edgecolor=DARK,
        linewidth=0.8,
        hatch="////",
        label="shortage",
    )
    waste = np.array([policy.waste_cost for policy in split], float)
    if waste.any():
        axes.barh(
            positions,
            waste,
            left=holding + shortage,
            color="white",
            edgecolor=DARK,
            linewidth=0.8,
            hatch="....",
            label="waste",
        )
    axes.set_yticks(positions, [titled(policy) for policy in split])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.set_xlabel("cost over the test period")
    _legend_below(figure, columns=2)
    return figure


def named(policy: str) -> str:
    """A policy's name for people, and of other methods."""
    return {MODEL: "this model", CLAIRVOYANT: "clairvoyant (lower bound)"}.get(
        policy, policy.replace("_", " ")
    )


def titled(policy: Policy) -> str:
    """A simulated policy's name, and whether the pair plans by it."""
    name = "replenishment model" if policy.name == MODEL else named(policy.name)
    return f"{name} (plans)" if policy.plans else name


def _figure(size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots()


def _legend_below(figure: Figure, columns: int) -> None:
    figure.legend(loc="outside lower center", ncols=columns, handlelength=1.8, columnspacing=1.2)


def _bins(axes: Axes, new: Span, before: Span | None) -> None:
    assert new.bins is not None
    axes.stairs(new.bins.shares, new.bins.edges, fill=True, facecolor=PALE, edgecolor=BLUE, linewidth=1.0)
    if before is not None and before.bins is not None:
        axes.stairs(
            before.bins.shares, before.bins.edges, color=ORANGE, linestyle="--", linewidth=1.4, baseline=None
        )
    axes.set_ylim(bottom=0)
    if new.bins.open_above:
        axes.annotate(
            "and above", (1.0, 0.98), xycoords="axes fraction", ha="right", va="top", fontsize=8, color=GREY
        )


def _values(axes: Axes, new: Span, before: Span | None) -> None:
    # The statistics keep the most frequent values only; what is missing in one span may be rare there.
    names = list(new.values) or ["(no value)"]
    positions = np.arange(len(names))
    axes.barh(positions, [new.values.get(name, 0.0) for name in names], color=PALE, edgecolor=BLUE)
    if before is not None:
        shares = [before.values.get(name, np.nan) for name in names]
        axes.plot(
            shares, positions, "o", color=ORANGE, markerfacecolor="none", markeredgewidth=1.4, markersize=5
        )
    axes.set_yticks(positions, [short(name, 12) or "(empty)" for name in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_xlim(left=0)


def _widest(feature: Feature) -> float:
    return max(feature.new.values.values(), default=1.0)
