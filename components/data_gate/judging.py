"""TFDV's anomalies under the reviewed schema, as findings."""

from __future__ import annotations

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.data_gate.checks import feature_check
from contracts.records.checks import FeatureCheck
from contracts.rows import listed

LABELS = ("units_sold",)


def find_anomalies(
    statistics: statistics_pb2.DatasetFeatureStatisticsList,
    schema: schema_pb2.Schema,
    environment: str,
    serving: statistics_pb2.DatasetFeatureStatisticsList | None = None,
) -> anomalies_pb2.Anomalies:
    """TFDV's anomalies of the rows' statistics under one of the schema's environments.

    Args:
        statistics: of all rows.
        schema: the reviewed one.
        environment: TRAINING or SERVING.
        serving: of the rows that serving sends; judged against ``statistics`` by the schema's skew_comparators.
    """
    return tfdv.validate_statistics(statistics, schema, environment=environment, serving_statistics=serving)


def serving_statistics(newest: pa.Table) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Statistics of the newest rows as serving sends them: without labels.

    Args:
        newest: flat rows of the types that the artifact holds; a whole number stays one beside a missing value.
    """
    # What nobody has sent is to TFDV a missing column; one of nothing but nulls may not even have a type.
    there = [
        name
        for name in newest.column_names
        if name not in LABELS and newest[name].null_count < newest.num_rows
    ]
    return stats_impl.generate_statistics_in_memory(
        listed(newest.select(there)).combine_chunks().to_batches()[0]
    )


def anomaly_findings(
    anomalies: anomalies_pb2.Anomalies, schema: schema_pb2.Schema, serving: bool = False
) -> list[FeatureCheck]:
    """One finding for each reason of each feature in alphabetical order, and a passed one for each other feature.

    Args:
        anomalies: from ``find_anomalies``.
        schema: names the features that were looked at.
        serving: all of them become of the kind ``serving_schema``, not of TFDV's type.
    """
    findings = []
    if anomalies.HasField("dataset_anomaly_info"):
        findings += _findings("(all rows)", anomalies.dataset_anomaly_info, serving)
    for feature, info in sorted(anomalies.anomaly_info.items()):
        findings += _findings(feature, info, serving)
    found = {finding.feature for finding in findings}
    environment = "SERVING" if serving else "TRAINING"
    kind = "serving_schema" if serving else "schema"
    reason = f"the schema's rules of the environment {environment}"
    names = sorted(
        feature.name
        for feature in schema.feature
        if environment not in feature.not_in_environment and feature.name not in found
    )
    return findings + [feature_check(kind, name, False, reason) for name in names]


def _findings(feature: str, info: anomalies_pb2.AnomalyInfo, serving: bool) -> list[FeatureCheck]:
    return [
        feature_check(
            kind="serving_schema" if serving else anomalies_pb2.AnomalyInfo.Type.Name(reason.type).lower(),
            feature=feature,
            failed=True,
            reason=(reason.description or reason.short_description).rstrip("."),
        )
        for reason in info.reason
        # That the schema does not know a column is said once, of all rows.
        if not (serving and reason.type == anomalies_pb2.AnomalyInfo.SCHEMA_NEW_COLUMN)
    ]
