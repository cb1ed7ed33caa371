"""Reads the artifacts of a run and writes them into the store."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact

from components.metrics_exporter import lineage
from components.metrics_exporter.exporting import begin_run, export_tables
from components.metrics_exporter.tables import (
    CANDIDATE,
    INCUMBENT,
    calibration_table,
    metric_table,
    policy_table,
    statistics_table,
)
from components.model_gate.tfma_results import metrics_by_slice
from contracts import files, properties
from contracts.models import MODELS, WATCH, WATCH_EVALUATION, channel
from contracts.records.planning import Planning
from contracts.rows import SPLIT
from contracts.splits import split_folder
from serving.directory.pushing import CANARY
from store.connections import connect
from store.opening import opened

LOG = logging.getLogger(__name__)
_COUNTS_FILE = "exported.json"


class Executor(base_executor.BaseExecutor):
    """See components.metrics_exporter.component.MetricsExporter."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        given = {key: artifacts[0] for key, artifacts in input_dict.items() if artifacts}
        run_id = self._context.pipeline_run_id
        tables = tables_of_run(run_id, given)
        with (
            opened(Path(exec_properties["store"])) as connections,
            connect(connections.writer) as connection,
        ):
            begin_run(connection, run_id, exec_properties["period_days"])
            export_tables(connection, run_id, tables)
        export = artifact_utils.get_single_instance(output_dict["export"])
        counts = {name: table.num_rows for name, table in tables.items()}
        LOG.info("rows exported", extra={"by_table": counts})
        (Path(export.uri) / _COUNTS_FILE).write_text(json.dumps(counts, indent=1))


def tables_of_run(run_id: str, given: dict[str, Artifact]) -> dict[str, pa.Table]:
    """The run's rows by table, from the component's inputs by key."""
    comparison = Path(given["comparison"].uri)
    evaluations: dict[str, dict[str, Any]] = {}
    for model in MODELS:
        uri = given[channel(model, "evaluation")].uri
        found = {CANDIDATE: metrics_by_slice(uri), INCUMBENT: metrics_by_slice(uri, baseline=True)}
        evaluations[model] = {source: metrics for source, metrics in found.items() if metrics}
    if WATCH_EVALUATION in given:
        evaluations[WATCH] = {CANDIDATE: metrics_by_slice(given[WATCH_EVALUATION].uri)}
    return {
        "model_versions": _versions(run_id, given),
        "metrics": metric_table(run_id, evaluations),
        "calibration": calibration_table(run_id, json.loads((comparison / files.CALIBRATION).read_text())),
        "policy_costs": policy_table(
            run_id,
            json.loads((comparison / files.POLICIES).read_text()),
            Planning.model_validate_json((comparison / files.PLANNING).read_text()).policy,
        ),
        "data_statistics": statistics_table(run_id, load_statistics(given["statistics"].uri)),
    }


def load_statistics(uri: str) -> Any:
    """TFDV's statistics of a StatisticsGen artifact's only split."""
    return tfdv.load_stats_binary(str(Path(uri) / split_folder(SPLIT) / files.STATISTICS))


def _versions(run_id: str, given: dict[str, Artifact]) -> pa.Table:
    rows = given["examples"]
    hashes = {
        model: lineage.digest(given[channel(model, "model")].uri, lineage.MODEL_GRAPH) or ""
        for model in MODELS
    }
    shared = {
        "pair": lineage.pair_of(list(hashes.values())),
        "transform_graph_hash": lineage.digest(given["transform_graph"].uri, lineage.TRANSFORM_GRAPH) or "",
        "schema_hash": lineage.digest(given["schema"].uri, lineage.SCHEMA_GRAPH) or "",
        "data_fingerprint": rows.get_string_custom_property(properties.FINGERPRINT),
        "span": int(rows.span),
        "first_date": date.fromisoformat(rows.get_string_custom_property(properties.FIRST_DATE)),
        "last_date": date.fromisoformat(rows.get_string_custom_property(properties.LAST_DATE)),
    }
    versions = []
    for model in MODELS:
        pushed = given[channel(model, "pushed")]
        there = pushed.get_int_custom_property(properties.PUSHED) == 1
        at = pushed.get_string_custom_property(properties.PUSHED_AT)
        versions.append(
            {
                "run_id": run_id,
                "model": model,
                "blessed": given[channel(model, "blessing")].get_int_custom_property(properties.BLESSED) == 1,
                "version": int(pushed.get_string_custom_property(properties.PUSHED_VERSION))
                if there
                else None,
                "pushed_at": datetime.fromisoformat(at) if there else None,
                "tried": pushed.get_string_custom_property(properties.STAGE) == CANARY,
                "model_hash": hashes[model],
                **shared,
            }
        )
    table = pa.Table.from_pylist(versions)
    index = table.column_names.index("pushed_at")
    moments = pa.array([row["pushed_at"] for row in versions], pa.timestamp("us", tz="UTC"))
    table = table.set_column(index, "pushed_at", moments)
    index = table.column_names.index("version")
    return table.set_column(index, "version", pa.array([row["version"] for row in versions], pa.int64()))
