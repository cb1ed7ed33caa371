"""The page itself: the metrics and pictures in one HTML document that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from contracts.models import DEMAND, REPLENISHMENT, WATCH
from contracts.records.checks import VERDICTS, AnyCheck
from contracts.records.summary import Status
from pipeline.reporting import pictures
from pipeline.reporting.data import Feature, Method, Policy, ReportData, Series, Slice
from pipeline.reporting.drawing import inline_svg

STATUS_WORDS: Mapping[Status, str] = {
    "pushed": "Pushed: both models passed every check and serve now",
    "refused_data": "Refused: the data; nothing was trained or pushed",
    "refused_model": "Refused: the models; nothing was pushed",
    "failed": "Failed: a component did not end well; nothing was pushed",
}
NO_VALUE = "-"
VERDICT_WORDS = {"pass": "✓ passed", "warn": "! warning", "stop": "✕ stopped", "waived": "~ waived"}
SECTIONS = {
    "data": "Data",
    "features": "Features",
    "anomalies": "Anomalies",
    "gates": "Gates",
    "methods": "Plain methods",
    "forecasts": "Forecasts",
    "calibration-part": "Calibration",
    "costs": "Costs",
    "slices": "Slices",
    "components": "Components",
    "lineage": "Lineage",
}
_REASONS_SHOWN = 5
_FOUND = {"power_spike": "spikes found", "power_shift_up": "rises found", "power_silence": "silences found"}
_TITLES = {
    "skill_seasonal_naive": "skill against seasonal naive",
    "skill_base_stock": "skill against base stock",
    "wape": "WAPE",
    "wape_all": "WAPE, out of stock too",
    "bias": "bias",
    "mae": "MAE, units",
    "rmse": "RMSE, units",
    "cycle_cost": "cycle cost",
    "fill_rate": "fill rate",
    "service_level": "service level",
    "false_alarms": "false alarms in 1,000 periods",
    "false_shifts": "false shifts in 1,000 windows",
    **_FOUND,
}
_SLICE_COLUMNS = {
    DEMAND: ("skill_seasonal_naive", "wape", "bias", "mae"),
    REPLENISHMENT: ("skill_base_stock", "cycle_cost", "fill_rate", "service_level"),
}
_METHOD_COLUMNS = {
    DEMAND: ("wape", "bias", "mae", "rmse", "wape_all"),
    REPLENISHMENT: ("cycle_cost", "fill_rate", "service_level"),
    WATCH: ("false_alarms", "false_shifts", *_FOUND),
}
_SHARES = frozenset({"wape", "wape_all", "bias", "fill_rate", "service_level", *_FOUND})
_TIMES_FROM = 10


def render(data: ReportData) -> str:
    """The whole page as HTML; everything that comes from the data is escaped."""
    environment = Environment(
        loader=PackageLoader("pipeline.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(number=number, share=share, money=money, spans=spans)
    anomalies = [check for check in data.checks if check.gate == "data" and check.verdict != "pass"]
    shown = _shown(data)
    return environment.get_template("page.html").render(
        data=data,
        shown=shown,
        left_out=[name for anchor, name in SECTIONS.items() if anchor not in shown],
        reasons_shown=_REASONS_SHOWN,
        status=STATUS_WORDS[data.verdict.status],
        verdicts=VERDICT_WORDS,
        anomalies=anomalies,
        checks=condensed(check for check in data.checks if check not in anomalies),
        counts=_counts(data.checks),
        features=[
            (
                feature,
                inline_svg(
                    f"plot-feature-{i}",
                    f"Distribution of {feature.name}",
                    _feature_words(feature),
                    partial(pictures.distribution, feature),
                ),
            )
            for i, feature in enumerate(data.features)
        ],
        forecasts=[
            (
                series,
                inline_svg(
                    f"plot-forecast-{series.rank}",
                    f"Forecast and actual units of store {series.store}, product {series.product}",
                    _series_words(series),
                    partial(pictures.forecast, series),
                ),
            )
            for series in data.series
        ],
        calibration=_calibration(data),
        costs=_costs(data.policies),
        planning=data.planning,
        methods=[(model, _METHOD_COLUMNS[model], rows) for model, rows in data.methods.items() if rows],
        slices=[(model, _SLICE_COLUMNS[model], rows) for model, rows in data.slices.items() if rows],
        cell=_cell,
        heads=_heads,
        method_name=pictures.named,
        policy_name=pictures.titled,
        promoted_words=_promoted_words,
        style=Markup(_style(environment)),  # noqa: S704  (our own file)
    )


def _shown(data: ReportData) -> dict[str, str]:
    """The sections that have something to show, by anchor their names."""
    incoming = data.incoming
    there = {
        "data": incoming.data.rows
        or incoming.read_rows
        or incoming.rejected_reasons
        or incoming.data.fallbacks
        or incoming.notes,
        "features": data.features,
        "anomalies": any(check.gate == "data" for check in data.checks),
        "gates": data.checks,
        "methods": any(data.methods.values()),
        "forecasts": data.series,
        "calibration-part": data.coverage,
        "costs": data.policies,
        "slices": any(data.slices.values()),
        "components": data.components,
        "lineage": data.lineage,
    }
    return {anchor: name for anchor, name in SECTIONS.items() if there[anchor]}


def condensed(checks: Iterable[AnyCheck]) -> list[tuple[AnyCheck, str]]:
    """Each check with its subject; passed ones that differ in nothing else in one line, with all subjects."""
    lines: dict[tuple[object, ...], tuple[AnyCheck, list[str]]] = {}
    for i, check in enumerate(checks):
        rest = check.model_dump(exclude={"feature", "model", "rows"})
        alike = (check.gate, *rest.values()) if check.verdict == "pass" else (i,)
        lines.setdefault(alike, (check, []))[1].append(check.subject)
    return [(check, ", ".join(subjects)) for check, subjects in lines.values()]


def number(value: float | None) -> str:
    """Four significant digits; a hyphen where there is no value."""
    if value is None or value != value:
        return NO_VALUE
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def share(value: float | None) -> str:
    """A fraction in percent; as so many times where percent would no longer be read."""
    if value is None or value != value:
        return NO_VALUE
    return f"{value:,.0f} times" if abs(value) >= _TIMES_FROM else f"{value:.1%}"


def spans(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    parts = [
        Markup("<code>{}</code>").format(part) if i % 2 else escape(part)
        for i, part in enumerate(text.split("`"))
    ]
    return Markup("").join(parts)


def money(value: float | None) -> str:
    """Whole units of currency."""
    return NO_VALUE if value is None or value != value else f"{value:,.0f}"


def _style(environment: Environment) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, "style.css")[0]


def _counts(checks: Iterable[AnyCheck]) -> dict[str, dict[str, int]]:
    """By gate the number of checks of each verdict."""
    counts: dict[str, dict[str, int]] = {}
    for check in checks:
        mine = counts.setdefault(check.gate, dict.fromkeys(VERDICTS, 0))
        mine[check.verdict] += 1
    return counts


def _calibration(data: ReportData) -> Markup | None:
    if not data.coverage:
        return None
    words = "; ".join(
        f"level {found.level:.0%}: {found.below:.1%} below, {found.at_most:.1%} below or at it"
        for found in data.coverage
    )
    return inline_svg(
        "plot-calibration",
        "Calibration of the demand quantiles",
        words,
        partial(pictures.calibration, data.coverage, data.coverage_band),
    )


def _costs(policies: tuple[Policy, ...]) -> list[tuple[str, Markup]]:
    found = []
    if any(policy.fill_rate is not None for policy in policies):
        words = "; ".join(
            f"{pictures.titled(p)}: cost {money(p.total_cost)}, fill rate {share(p.fill_rate)}"
            for p in policies
        )
        drawn = inline_svg(
            "plot-cost-service",
            "Cost against fill rate of each policy",
            words,
            partial(pictures.cost_against_service, policies),
        )
        found.append(
            ("Cost against fill rate: the better a policy, the further down and to the right.", drawn)
        )
    if any(policy.holding_cost is not None and policy.shortage_cost is not None for policy in policies):
        words = "; ".join(
            f"{pictures.titled(p)}: holding {money(p.holding_cost)}, shortage {money(p.shortage_cost)}"
            + (f", waste {money(p.waste_cost)}" if p.waste_cost else "")
            for p in policies
        )
        drawn = inline_svg(
            "plot-cost-split",
            "Holding and shortage cost of each policy",
            words,
            partial(pictures.cost_split, policies),
        )
        found.append(
            ("What the cost is made of: stock left over (plain) and units not served (hatched).", drawn)
        )
    return found


def _feature_words(feature: Feature) -> str:
    sides = [("new span", feature.new)]
    sides += [("span before", feature.before)] if feature.before is not None else []
    words = []
    for name, span in sides:
        if span.bins is not None:
            words.append(
                f"{name}: {number(span.low)} to {number(span.high)}, median {number(span.median)}, "
                f"mean {number(span.mean)}"
            )
        else:
            listed = ", ".join(f"{value} {share(part)}" for value, part in span.values.items())
            words.append(f"{name}: {listed or 'no values'}")
    return "; ".join(words)


def _series_words(series: Series) -> str:
    return (
        f"{len(series.dates)} periods from {series.dates[0]} to {series.dates[-1]}: "
        f"{sum(series.units):,.0f} units came; error over units {share(series.wape)}{_promoted_words(series)}"
    )


def _promoted_words(series: Series) -> str:
    """What was forecast of the periods with a planned promotion, and what came."""
    known = [
        (forecast, units)
        for forecast, units, promoted, seen in zip(
            series.quantiles[series.middle], series.units, series.promoted, series.observed, strict=True
        )
        if promoted and seen
    ]
    if not known:
        return ""
    forecast, units = (sum(values) for values in zip(*known, strict=True))
    return f"; on {len(known)} periods with a planned promotion {forecast:,.0f} units were forecast, {units:,.0f} came"


def _heads(first: str, columns: tuple[str, ...]) -> list[tuple[str, bool]]:
    """Heads of a table by metric: each with whether it is one of numbers."""
    return [(first, False), *((_TITLES[column], True) for column in columns)]


def _cell(row: Slice | Method, column: str) -> str:
    value = row.metrics.get(column)
    return share(value) if column in _SHARES else number(value)
