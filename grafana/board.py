"""A dashboard: variables above, rows of panels below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard

from grafana.sql import SOURCE, Sql

WIDTH = 24
TAG = "retail-inventory"


@dataclass(frozen=True)
class Row:
    """A heading and the panels below it, from left to right; each line of panels fills the whole width."""

    title: str
    panels: Sequence[Builder[dashboard.Panel]]


@dataclass(frozen=True)
class Board:
    """A dashboard.

    Attributes:
        folder: of Grafana, and of the file.
        uid: in its address, and the file's name.
        title: shown.
        description: what it answers.
        rows: of panels.
        variables: choices above, from left to right.
        annotations: marks on all panels with a time axis.
        since, until: time range at first.
    """

    folder: str
    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Builder[dashboard.VariableModel]] = ()
    annotations: Sequence[Builder[dashboard.AnnotationQuery]] = ()
    since: str = "now-90d"
    until: str = "now"

    def build(self) -> dashboard.Dashboard:
        """The whole, with ids counted from 1: Grafana would give others at every start."""
        made = build.Dashboard(self.title).uid(self.uid).description(self.description).tags([TAG]).readonly()
        # Dates have no zone; any other than UTC would show them a day early west of it.
        made = made.timezone("utc").time(self.since, self.until).refresh("").tooltip(_SHARED_CURSOR)
        others = build.DashboardLink("Other dashboards").type(dashboard.DashboardLinkType.DASHBOARDS)
        made = made.links([others.tags([TAG]).as_dropdown(True)])
        made = made.variables(list(self.variables)).annotations(list(self.annotations))
        for row in self.rows:
            made = made.with_row(build.Row(row.title))
            for panel in row.panels:
                made = made.with_panel(panel)
        result = made.build()
        for number, item in enumerate(result.panels or [], start=1):
            item.id_val = number
        return result


ITEM = (
    "/d/retail-product?var-store=${__data.fields.Store:percentencode}"
    "&var-product=${__data.fields.Product:percentencode}&${__url_time_range}"
)
"""The page of a row's store and product."""
ITEM_IN_PLAN = f"{ITEM}&${{plan:queryparam}}"
"""The same, of the chosen plan."""

_SHARED_CURSOR = dashboard.DashboardCursorSync.CROSSHAIR


def choice(
    name: str, label: str, description: str, sql: str, *, several: str | None = None
) -> build.QueryVariable:
    """A variable whose values are rows of a query.

    Args:
        name: in queries, as ``${name:sqlstring}`` within IN (...).
        label, description: shown.
        sql: its values, in the order shown; columns ``__value`` and ``__text``, or one for both.
        several: lets several or all be chosen; the SQL that stands for all of them, so that "all" of 50,000 products
            is not a list of 50,000 texts.
    """
    text = Sql(sql).text
    made = build.QueryVariable(name).label(label).description(description).datasource(SOURCE)
    made = made.query(text).definition(text).refresh(dashboard.VariableRefresh.ON_DASHBOARD_LOAD)
    made = made.sort(dashboard.VariableSort.DISABLED)
    return made.multi(True).include_all(True).all_value(several) if several else made


def marks(name: str, colour: str, sql: str) -> build.AnnotationQuery:
    """Marks from a query with the columns time, text and tags.

    Args:
        name: of the switch that shows or hides them.
        sql: the query.
    """
    made = build.AnnotationQuery().name(name).datasource(SOURCE).enable(True).icon_color(colour)
    return made.target(Sql(sql))
