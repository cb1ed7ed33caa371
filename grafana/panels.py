"""What our panels have in common: unit, description, thresholds, empty state, one data source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import barchart, common, stat, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common as model
from grafana_foundation_sdk.models import dashboard

from grafana.sql import SOURCE, Sql

PERCENT, COUNT, MONEY, DAYS, SECONDS, TIME, RATIO, TEXT = (
    "percentunit", "locale", "locale", "d", "s", "dateTimeAsIso", "none", "string",
)  # fmt: skip
UNITS = "locale"
"""Units sold, and money: Grafana cannot know the currency of the files."""

EMPTY = "nothing yet"
GREEN, ORANGE, RED, BLUE, GREY = "green", "orange", "red", "blue", "gray"

Column = Mapping[str, Any]
"""Settings of one column or series by Grafana's names, such as ``{"unit": "percentunit", "decimals": 1}``."""


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


def at_least(bound: float) -> build.ThresholdsConfig:
    """Green from the gate's bound on."""
    return _steps([(None, RED), (bound, GREEN)])


def at_most(bound: float) -> build.ThresholdsConfig:
    """Green up to the gate's bound."""
    return _steps([(None, GREEN), (bound, RED)])


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
        panel = panel.override_by_name(
            name, [dashboard.DynamicConfigValue(id_val=key, value=value) for key, value in settings.items()]
        )
    return panel


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
    made = _common(stat.Panel(), title, description, Sql(sql), width, height, unit, thresholds, {})
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"]).fields(f"/^{shows}$/" if shows else "/.*/")
    made = made.reduce_options(reduce).graph_mode(model.BigValueGraphMode.NONE)
    made = made.text_mode(model.BigValueTextMode.VALUE)
    coloured = thresholds is not None or words is not None
    made = made.color_mode(model.BigValueColorMode.VALUE if coloured else model.BigValueColorMode.NONE)
    if decimals is not None:
        made = made.decimals(decimals)
    if words:
        made = made.mappings([_wording(words)])
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
) -> timeseries.Panel:
    """Figures over time.

    Args:
        decimals: shown.
        points: marks every value, for few and uneven dates such as those of runs.
        bars: stacked bars instead of lines.
        thresholds: drawn as lines.
        columns: by series further settings.
    """
    panel = timeseries.Panel()
    made = _common(panel, title, description, query, width, height, unit, thresholds, columns or {})
    legend = common.VizLegendOptions().show_legend(True).display_mode(model.LegendDisplayMode.LIST)
    made = made.legend(legend.placement(model.LegendPlacement.BOTTOM).calcs([]))
    many = common.VizTooltipOptions().mode(model.TooltipDisplayMode.MULTI).sort(model.SortOrder.DESCENDING)
    made = made.tooltip(many).line_width(2)
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
    """Figures of a few named things; the first column names them.

    Args:
        decimals: shown.
        across: bars from left to right, which leaves room for long names.
        stacked: the columns of one row on top of each other.
        thresholds: colour the bars.
        columns: by name further settings.
    """
    panel = barchart.Panel()
    made = _common(panel, title, description, Sql(sql), width, height, unit, thresholds, columns or {})
    made = made.orientation(model.VizOrientation.HORIZONTAL if across else model.VizOrientation.VERTICAL)
    made = made.stacking(model.StackingMode.NORMAL if stacked else model.StackingMode.NONE)
    legend = common.VizLegendOptions().display_mode(model.LegendDisplayMode.LIST)
    legend = legend.placement(model.LegendPlacement.BOTTOM).calcs([]).show_legend(thresholds is None)
    made = made.legend(legend).fill_opacity(80)
    if thresholds:
        by = build.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS)
        made = made.color_scheme(by)
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
) -> table.Panel:
    """A table; texts in a column are shown whole.

    Args:
        unit: of columns without a setting of their own.
        thresholds: for columns whose cells are coloured.
        columns: by name further settings.
    """
    panel = table.Panel()
    made = _common(panel, title, description, Sql(sql), width, height, unit, thresholds, columns or {})
    return made.filterable(True).cell_height(model.TableCellHeight.SM)


def coloured(words: Mapping[str, str]) -> Column:
    """Colours a column's words."""
    options = {
        value: {"color": colour, "index": index, "text": value}
        for index, (value, colour) in enumerate(words.items())
    }
    return {
        "mappings": [{"type": "value", "options": options}],
        "custom.cellOptions": {"type": "color-text"},
    }


VERDICTS = coloured({"pass": GREEN, "warn": ORANGE, "waived": GREY, "stop": RED})
STATES = coloured(
    {"ran": GREEN, "cached": BLUE, "skipped": GREY, "refused": ORANGE, "failed": RED, "pushed": GREEN,
     "running": BLUE, "refused_data": ORANGE, "refused_model": ORANGE}
)  # fmt: skip
