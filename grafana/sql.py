"""A query of Grafana's PostgreSQL data source; the SDK has no type for it."""

from __future__ import annotations

import textwrap
from typing import Any, Literal, Self

from grafana_foundation_sdk.cog import builder, runtime, variants
from grafana_foundation_sdk.models.common import DataSourceRef

KIND, UID = "grafana-postgresql-datasource", "retail-postgres"
SOURCE = DataSourceRef(type_val=KIND, uid=UID)

Format = Literal["table", "time_series"]


class Sql(variants.Dataquery, builder.Builder["Sql"]):
    """One statement.

    Args:
        text: its SQL, with Grafana's macros and variables.
        format: ``table``: columns as they are. ``time_series``: a column ``time``, a text column ``metric`` that names
            the series, and its values.
        ref: its letter within the panel.
    """

    def __init__(self, text: str, format: Format = "table", ref: str = "A") -> None:  # noqa: A002  (Grafana's name)
        self.text = textwrap.dedent(text).strip()
        self.format = format
        self.ref = ref

    def build(self) -> Self:
        return self

    def to_json(self) -> dict[str, object]:
        return {
            "refId": self.ref,
            "datasource": SOURCE.to_json(),
            "editorMode": "code",
            "format": self.format,
            "rawQuery": True,
            "rawSql": self.text,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(data["rawSql"], data["format"], data["refId"])


def register() -> None:
    """Makes the SDK read such a query as what it is, and not as any JSON."""
    runtime.register_dataquery_variant(runtime.DataqueryConfig(KIND, Sql.from_json))
