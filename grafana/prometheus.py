"""Panels on a Prometheus data source: figures over time, and single ones."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import common, prometheus, stat, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as model
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from grafana.colours import GREEN
from grafana.panels import EMPTY, legend_of

KIND, UID = "prometheus", "retail-prometheus"
SOURCE = model.DataSourceRef(type_val=KIND, uid=UID)


def query(
    expression: str, legend: str = "", *, instant: bool = False, ref: str = "A"
) -> prometheus.Dataquery:
    """One PromQL expression; ``legend`` names its series, as in ``{{instance}}``."""
    made = (
        prometheus.Dataquery()
        .datasource(SOURCE)
        .ref_id(ref)
        .expr(expression)
        .legend_format(legend or "__auto")
    )
    made = made.format(PromQueryFormat.TIME_SERIES)
    return made.instant() if instant else made.range()


def figure(
    title: str,
    description: str,
    expression: str,
    unit: str,
    *,
    thresholds: build.ThresholdsConfig | None = None,
    decimals: int | None = None,
) -> stat.Panel:
    """One number, as of now."""
    made = stat.Panel().title(title).description(description).datasource(SOURCE).no_value(EMPTY)
    made = made.with_target(query(expression, instant=True)).unit(unit).span(4).height(4)
    made = made.reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    made = made.graph_mode(model.BigValueGraphMode.NONE).text_mode(model.BigValueTextMode.VALUE)
    colour = model.BigValueColorMode.VALUE if thresholds else model.BigValueColorMode.NONE
    made = made.color_mode(colour).thresholds(thresholds or _plain("text"))
    return made.decimals(decimals) if decimals is not None else made


def over_time(
    title: str,
    description: str,
    queries: Sequence[tuple[str, str]],
    unit: str,
    *,
    width: int = 12,
    thresholds: build.ThresholdsConfig | None = None,
    low: float | None = 0,
    empty: str = EMPTY,
    many: bool = False,
) -> timeseries.Panel:
    """Figures over time.

    Args:
        queries: expressions, and how their series are named.
        thresholds: drawn as lines.
        low: where the axis begins; None: where the figures do.
        empty: what stands there while there are none.
        many: more than eight series: the legend is a table beside the chart.
    """
    made = timeseries.Panel().title(title).description(description).datasource(SOURCE).no_value(empty)
    made = made.unit(unit).span(width).height(8).line_width(2).thresholds(thresholds or _plain(GREEN))
    for letter, (expression, legend) in zip("ABCDEF", queries, strict=False):
        made = made.with_target(query(expression, legend, ref=letter))
    made = made.color_scheme(build.FieldColor().mode(dashboard.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
    made = made.legend(legend_of(many))
    tooltip = common.VizTooltipOptions().mode(model.TooltipDisplayMode.MULTI).sort(model.SortOrder.DESCENDING)
    made = made.tooltip(tooltip)
    if low is not None:
        made = made.min(low)
    if thresholds:
        dashed = common.GraphThresholdsStyleConfig().mode(model.GraphThresholdsStyleMode.DASHED)
        made = made.thresholds_style(dashed)
    return made


def _plain(colour: str) -> build.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color=colour)]
    return build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)
