"""From TFDV's anomalies to a verdict with reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.errors import Problem

Severity = Literal["warn", "stop"]

# A further external factor is the retailer's right; it becomes an anomaly only once the schema names it.
_WARNS = frozenset({anomalies_pb2.AnomalyInfo.SCHEMA_NEW_COLUMN})


@dataclass(frozen=True)
class Finding:
    """One reason that one feature has for a warning or a stop."""

    feature: str
    severity: Severity
    kind: str
    description: str

    def as_problem(self) -> Problem:
        return Problem(
            file="the batch's statistics",
            column=self.feature,
            rule=self.kind.lower(),
            message=self.description.rstrip("."),
            remedy="Correct the data, or change the schema under review if the change is meant",
        )


def find_anomalies(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    schema: schema_pb2.Schema,
    environment: str,
) -> anomalies_pb2.Anomalies:
    """TFDV's anomalies of the rows' statistics under one of the schema's environments."""
    return tfdv.validate_statistics(statistics, schema, environment=environment)


def judge(anomalies: anomalies_pb2.Anomalies) -> list[Finding]:
    """One finding for each reason of each feature, the features in alphabetical order."""
    findings = []
    if anomalies.HasField("dataset_anomaly_info"):
        findings += _findings("(all rows)", anomalies.dataset_anomaly_info)
    for feature, info in sorted(anomalies.anomaly_info.items()):
        findings += _findings(feature, info)
    return findings


def _findings(feature: str, info: anomalies_pb2.AnomalyInfo) -> list[Finding]:
    return [
        Finding(
            feature=feature,
            severity="warn" if reason.type in _WARNS else "stop",
            kind=anomalies_pb2.AnomalyInfo.Type.Name(reason.type),
            description=reason.description or reason.short_description,
        )
        for reason in info.reason
    ]
