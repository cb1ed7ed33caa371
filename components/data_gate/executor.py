"""Reads the statistics of the new span, writes TFDV's anomalies, and raises where one of them stops the run."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

import tensorflow_data_validation as tfdv
from tfx.components.statistics_gen import stats_artifact_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, writer_utils

from components.data_gate.judging import find_anomalies, judge
from components.errors import DataRejected
from components.rows import SPLIT

FINDINGS_FILE = "findings.json"


class Executor(base_executor.BaseExecutor):
    """See components.data_gate.component.DataGate."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        statistics = stats_artifact_utils.load_statistics(
            artifact_utils.get_single_instance(input_dict["statistics"]), SPLIT
        ).proto()
        schema_uri = artifact_utils.get_single_uri(input_dict["schema"])
        schema = tfdv.load_schema_text(io_utils.get_only_uri_in_dir(schema_uri))
        anomalies = find_anomalies(statistics, schema, exec_properties["environment"])
        findings = judge(anomalies)

        artifact = artifact_utils.get_single_instance(output_dict["anomalies"])
        artifact.split_names = artifact_utils.encode_split_names([SPLIT])
        folder = artifact_utils.get_split_uri([artifact], SPLIT)
        writer_utils.write_anomalies(os.path.join(folder, "SchemaDiff.pb"), anomalies)
        with fileio.open(os.path.join(artifact.uri, FINDINGS_FILE), "w") as file:
            file.write(json.dumps([dataclasses.asdict(finding) for finding in findings], indent=1))
        stops = [finding.as_problem() for finding in findings if finding.severity == "stop"]
        if stops:
            raise DataRejected(stops)
