"""Reads rows, statistics and schema, writes TFDV's anomalies and all checks, and raises where one of them stops."""

from __future__ import annotations

import json
import logging
import os
from datetime import date
from typing import Any

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tfx import types
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, writer_utils

from components.data_gate.batch_rows import load_table, newest_week, rows_of
from components.data_gate.checks import problem_of
from components.data_gate.drift import comparators
from components.data_gate.gate import row_findings
from components.data_gate.judging import anomaly_findings, find_anomalies, serving_statistics
from components.data_gate.planned import planned_price_finding
from components.data_gate.proportion import WEEKS
from components.data_gate.severity import InForce, decide
from components.example_generation.joining.future import Future
from components.example_generation.joining.products import of_products
from contracts import files, properties
from contracts.dates import to_days
from contracts.errors import DataRejected
from contracts.records.checks import checks_to_json, log_checks
from contracts.rows import SPLIT

LOG = logging.getLogger(__name__)


class Executor(base_executor.BaseExecutor):
    """See components.data_gate.component.DataGate."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        rules = InForce.model_validate_json(exec_properties["rules"])
        statistics = stats_artifact_utils.load_statistics(
            artifact_utils.get_single_instance(input_dict["statistics"]), SPLIT
        ).proto()
        schema_uri = artifact_utils.get_single_uri(input_dict["schema"])
        schema = tfdv.load_schema_text(io_utils.get_only_uri_in_dir(schema_uri))
        period_days = exec_properties["period_days"]
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        table = _table(examples)
        until = of_products(examples.uri, "active_until")
        new = rows_of(table, period_days, _external(examples), until)
        served = serving_statistics(newest_week(table))
        del table  # the frame holds the same
        trained = input_dict.get("trained_examples") or []
        old = rows_of(_table(trained[0]), period_days, _external(trained[0])) if trained else None

        anomalies = find_anomalies(statistics, schema, "TRAINING", served)
        latest_day = to_days(date.fromisoformat(exec_properties["latest_date"]))
        findings = [
            *anomaly_findings(anomalies, schema),
            *anomaly_findings(find_anomalies(served, schema, "SERVING"), schema, serving=True),
            *row_findings(new, old, comparators(schema), rules.file.limits, latest_day),
            *planned_price_finding(_plan(examples), new.newest(WEEKS), rules.file.limits),
        ]
        checks = decide(findings, rules)
        log_checks(LOG, checks)

        artifact = artifact_utils.get_single_instance(output_dict["anomalies"])
        artifact.split_names = artifact_utils.encode_split_names([SPLIT])
        folder = artifact_utils.get_split_uri([artifact], SPLIT)
        writer_utils.write_anomalies(os.path.join(folder, "SchemaDiff.pb"), anomalies)
        with fileio.open(os.path.join(artifact.uri, files.CHECKS), "w") as file:
            file.write(checks_to_json(checks))
        stops = [problem_of(check) for check in checks if check.verdict == "stop"]
        if stops:
            raise DataRejected(stops, checks)


def _table(artifact: types.Artifact) -> pa.Table:
    folder = artifact_utils.get_split_uri([artifact], SPLIT)
    return load_table(sorted(fileio.glob(os.path.join(folder, "*.parquet"))))


def _plan(artifact: types.Artifact) -> pa.Table | None:
    plan = Future.read(artifact.uri).plan
    return None if plan is None else plan.table


def _external(artifact: types.Artifact) -> list[str]:
    report = json.loads(artifact.get_string_custom_property(properties.REPORT))
    return [column["name"] for column in report["external"]]
