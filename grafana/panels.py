"""What our panels have in common: unit, description, thresholds, empty state, one data source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import barchart, common, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as model
from grafana_foundation_sdk.models import dashboard

from grafana.colours import GREEN, GREY, NAMES, ORANGE, RED
from grafana.columns import Column
from grafana.sql import SOURCE, Sql

PERCENT, COUNT, MONEY, DAYS, SECONDS, TIME, RATIO, TEXT = (
    "percentunit", "locale", "locale", "d", "s", "dateTimeAsIso", "none", "string",
)  # fmt: skip
PERIODS = "suffix: periods"
"""Days or weeks, as the data."""
UNITS = "locale"
"""Units sold, and money: Grafana cannot know the currency of the files."""

EMPTY = "nothing yet"


class _Shared(Protocol):
    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def datasource(self, datasource: model.DataSourceRef) -> Self: ...
    def with_target(self, target: Builder[Any]) -> Self: ...
    def no_value(self, no_value: str) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def height(self, h: int) -> Self: ...
    def span(self, w: int) -> Self: ...
    def thresholds(self, thresholds: Builder[dashboard.ThresholdsConfig]) -> Self: ...
    def override_by_name(self, name: str, properties: list[dashboard.DynamicConfigValue]) -> Self: ...
    def override_by_regexp(self, regexp: str, properties: list[dashboard.DynamicConfigValue]) -> Self: ...
    def mappings(self, mappings: list[dashboard.ValueMapping]) -> Self: ...


def at_least(bound: float, colour: str = RED) -> build.ThresholdsConfig:
    """Green from the bound on."""
    return _steps([(None, colour), (bound, GREEN)])


def at_most(bound: float, colour: str = RED) -> build.ThresholdsConfig:
    """Green below the bound."""
    return _steps([(None, GREEN), (bound, colour)])


def none_of(colour: str = ORANGE) -> build.ThresholdsConfig:
    """Green where there is not one."""
    return at_most(1, colour)


def within(band: float) -> build.ThresholdsConfig:
    """Green as long as the figure is no farther from 0 than the band."""
    return _steps([(None, RED), (-band, GREEN), (band, RED)])


def _steps(steps: Sequence[tuple[float | None, str]]) -> build.ThresholdsConfig:
    made = [dashboard.Threshold(value=value, color=colour) for value, colour in steps]
    return build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(made)


P = TypeVar("P", bound=_Shared)


def _common(
    panel: P,
    title: str,
    description: str,
    query: Sql,
    width: int,
    height: int,
    unit: str,
    thresholds: build.ThresholdsConfig | None,
    columns: Mapping[str, Column],
) -> P:
    panel = panel.title(title).description(description).datasource(SOURCE).with_target(query)
    panel = panel.no_value(EMPTY).unit(unit).span(width).height(height)
    panel = panel.thresholds(thresholds or _steps([(None, GREEN)]))
    for name, settings in columns.items():
        panel = panel.override_by_name(name, _settings(settings))
    return panel


def _settings(settings: Column) -> list[dashboard.DynamicConfigValue]:
    return [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in settings.items()]


_NONE = dashboard.SpecialValueMap(
    options=dashboard.DashboardSpecialValueMapOptions(
        match=dashboard.SpecialValueMatch.NULL_AND_NAN,
        result=dashboard.ValueMappingResult(text=EMPTY, color=GREY, index=100),
    )
)
"""What is not known is grey: the thresholds would give it the colour of the lowest figure."""


def _named(columns: Mapping[str, Column] | None, names: Iterable[str]) -> dict[str, Column]:
    """The settings of columns, and the colours that their names have everywhere."""
    found = {name: dict(settings) for name, settings in (columns or {}).items()}
    for name in names:
        found.setdefault(name, {})
    for name, settings in found.items():
        if name in NAMES:
            settings["color"] = {"mode": "fixed", "fixedColor": NAMES[name]}
    return dict(found)


def single_stat(
    title: str,
    description: str,
    sql: str,
    unit: str,
    *,
    width: int = 4,
    height: int = 4,
    decimals: int | None = None,
    thresholds: build.ThresholdsConfig | None = None,
    words: Mapping[str, tuple[str, str]] | None = None,
    shows: str | None = None,
    link: tuple[str, str] | None = None,
) -> stat.Panel:
    """One number, or one word.

    Args:
        title, description, sql, unit, width, height: of the panel; the query returns one row.
        decimals: shown.
        thresholds: colour the number; without any it has the colour of text.
        words: by value its wording and colour.
        shows: the column that is shown, where others are there for the link.
        link: title and address that a click opens.
    """
    plain = _steps([(None, "text")])
    made = _common(stat.Panel(), title, description, Sql(sql), width, height, unit, thresholds or plain, {})
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"]).fields(f"/^{shows}$/" if shows else "/.*/")
    made = made.reduce_options(reduce).graph_mode(model.BigValueGraphMode.NONE)
    made = made.text_mode(model.BigValueTextMode.VALUE).color_mode(model.BigValueColorMode.VALUE)
    if decimals is not None:
        made = made.decimals(decimals)
    made = made.mappings([_wording(words), _NONE] if words else [_NONE])
    if link:
        made = made.data_links([build.DashboardLink(link[0]).url(link[1])])
    return made


def _wording(words: Mapping[str, tuple[str, str]]) -> dashboard.ValueMap:
    options = {
        value: dashboard.ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, (text, colour)) in enumerate(words.items())
    }
    return dashboard.ValueMap(options=options)


def lines(
    title: str,
    description: str,
    query: Sql,
    unit: str,
    *,
    width: int = 12,
    height: int = 8,
    decimals: int | None = None,
    points: bool = False,
    bars: bool = False,
    thresholds: build.ThresholdsConfig | None = None,
    columns: Mapping[str, Column] | None = None,
    names: Iterable[str] = (),
    many: bool = False,
) -> timeseries.Panel:
    """Figures over time; the scale begins at 0, or lower.

    Args:
        decimals: shown.
        points: marks every value, for few and uneven dates such as those of runs.
        bars: stacked bars instead of lines.
        thresholds: drawn as lines.
        columns: by series further settings.
        names: of series that the query gives, which have their colour everywhere.
        many: more than eight series: the legend is a table beside the chart.
    """
    panel = timeseries.Panel()
    columns = _named(columns, names)
    made = _common(panel, title, description, query, width, height, unit, thresholds, columns)
    made = made.color_scheme(build.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    made = made.legend(legend_of(many)).axis_soft_min(0)
    tooltip = common.VizTooltipOptions().mode(model.TooltipDisplayMode.MULTI).sort(model.SortOrder.DESCENDING)
    made = made.tooltip(tooltip).line_width(2)
    if decimals is not None:
        made = made.decimals(decimals)
    if points:
        made = made.show_points(model.VisibilityMode.ALWAYS).point_size(7)
    if bars:
        stacked = common.StackingConfig().mode(model.StackingMode.NORMAL).group("A")
        made = made.draw_style(model.GraphDrawStyle.BARS).fill_opacity(80).line_width(0).stacking(stacked)
    if thresholds:
        line = common.GraphThresholdsStyleConfig().mode(model.GraphThresholdsStyleMode.DASHED)
        made = made.thresholds_style(line)
    return made


def legend_of(many: bool) -> common.VizLegendOptions:
    """Below the chart, or of ``many`` series a table beside it."""
    legend = common.VizLegendOptions().show_legend(True)
    if many:
        legend = legend.display_mode(model.LegendDisplayMode.TABLE).calcs(["lastNotNull"])
        return legend.placement(model.LegendPlacement.RIGHT).sort_by("Last *").sort_desc(True)
    return legend.display_mode(model.LegendDisplayMode.LIST).placement(model.LegendPlacement.BOTTOM).calcs([])


def bars(
    title: str,
    description: str,
    sql: str,
    unit: str,
    *,
    width: int = 12,
    height: int = 8,
    decimals: int | None = None,
    across: bool = False,
    stacked: bool = False,
    thresholds: build.ThresholdsConfig | None = None,
    columns: Mapping[str, Column] | None = None,
) -> barchart.Panel:
    """Figures of a few named things; the first column names them, and bars start at 0.

    Args:
        decimals: shown.
        across: bars from left to right, which leaves room for long names.
        stacked: the columns of one row on top of each other.
        thresholds: colour the bars.
        columns: by name further settings.
    """
    panel = barchart.Panel()
    columns = _named(columns, ())
    made = _common(panel, title, description, Sql(sql), width, height, unit, thresholds, columns)
    made = made.axis_soft_min(0).axis_soft_max(0)
    made = made.orientation(model.VizOrientation.HORIZONTAL if across else model.VizOrientation.VERTICAL)
    made = made.stacking(model.StackingMode.NORMAL if stacked else model.StackingMode.NONE)
    made = made.legend(legend_of(False).show_legend(thresholds is None)).fill_opacity(80)
    mode = dashboard.FieldColorModeId
    by = mode.THRESHOLDS if thresholds else mode.PALETTE_CLASSIC_BY_NAME
    made = made.color_scheme(build.FieldColor().mode(by))
    return made.decimals(decimals) if decimals is not None else made


def rows(
    title: str,
    description: str,
    sql: str,
    *,
    width: int = 24,
    height: int = 8,
    unit: str = RATIO,
    thresholds: build.ThresholdsConfig | None = None,
    columns: Mapping[str, Column] | None = None,
    empty: str = EMPTY,
) -> table.Panel:
    """A table; a cell without a value is empty.

    Args:
        unit: of columns without a setting of their own.
        thresholds: for columns whose cells are coloured.
        columns: by name further settings.
        empty: what stands there without rows, where that is no want of data.
    """
    panel = table.Panel()
    made = _common(panel, title, description, Sql(sql), width, height, unit, thresholds, {}).no_value(empty)
    # The text of an empty panel would stand in each empty cell.
    made = made.override_by_regexp(".*", _settings({"noValue": ""}))
    for name, settings in (columns or {}).items():
        made = made.override_by_name(name, _settings(settings))
    return made.min_width(50).filterable(True).cell_height(model.TableCellHeight.SM)
