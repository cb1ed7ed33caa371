"""The end of a run, refused or not: its summary, its rows in the store, its page, and the exit code."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
import psycopg
from ml_metadata.proto import metadata_store_pb2

from contracts import files, nodes
from contracts.errors import UserError
from contracts.exit_codes import ExitCode
from contracts.records.summary import Status, Summary
from pipeline.config import Config
from pipeline.inputs.notes import non_empty
from pipeline.node_result import NodeResult
from pipeline.publication import choice as publication
from pipeline.registry.choice import remember
from pipeline.registry.runs import keep_for_registry
from pipeline.reporting.outputs import artifacts_of_run, first
from pipeline.reporting.summary import summarise, write_summary
from pipeline.running.store_run import store_run
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    from pipeline.telemetry.collector import Collector

LOG = logging.getLogger(__name__)
_EXIT_CODES: Mapping[Status, ExitCode] = {"pushed": ExitCode.SUCCESS, "failed": ExitCode.FAILURE}


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        summary: what was written down.
        exit_code: 0 when both models were pushed, 1 when a component failed, 2 when it did because of what was asked
            for, 3 when a gate refused.
        warnings: what could not be written down, which changes nothing of all that.
    """

    summary: Summary
    exit_code: ExitCode
    warnings: tuple[str, ...] = ()


def finish(
    run_id: str,
    workspace: Workspace,
    config: Config,
    metadata_config: metadata_store_pb2.ConnectionConfig,
    results: list[NodeResult],
    collector: Collector | None = None,
    because: str = "",
) -> Ending:
    """Writes down how a run ended; twice changes nothing.

    Args:
        results: how each node ended.
        collector: takes the trace of the run.
        because: why it ran, where that is known.
    """
    _log_nodes(results)
    summary = summarise(run_id, config, metadata_config, results, because)
    write_summary(summary, workspace.report(run_id))
    warnings = (
        _store(summary, workspace, config, metadata_config),
        _write_page(summary, workspace, metadata_config),
        _keep_for_registry(summary, workspace, config, metadata_config),
        _keep_for_publication(workspace, config),
    )
    sent = collector is None or collector.send_trace(run_id, summary.status, results)
    made = non_empty(*warnings, "" if sent else "the collector did not take the run's trace in time")
    for warning in made:
        LOG.warning("%s", warning)
    ended = LOG.info if summary.status == "pushed" else LOG.error
    ended("run ended", extra={"status": summary.status, "reasons": list(summary.reasons)})
    return Ending(summary, exit_code(summary.status, results), made)


def exit_code(status: Status, results: list[NodeResult]) -> ExitCode:
    """The exit code of a run that ended with a status."""
    failed = [result for result in results if result.state == "failed"]
    if status == "failed" and failed and all(result.by_user for result in failed):
        return ExitCode.USAGE
    return _EXIT_CODES.get(status, ExitCode.REFUSED)


def _log_nodes(results: list[NodeResult]) -> None:
    for result in results:
        figures = {"of": result.node, "state": result.state, "seconds": round(result.seconds, 3)}
        figures |= {"peak_mib": result.peak_mib} | ({"reason": result.reason} if result.reason else {})
        level = logging.INFO if result.ended_well or result.state == "skipped" else logging.ERROR
        LOG.log(level, "node was %s", result.state, extra=figures)


def _store(
    summary: Summary,
    workspace: Workspace,
    config: Config,
    metadata_config: metadata_store_pb2.ConnectionConfig,
) -> str:
    try:
        store_run(summary, workspace, config, metadata_config)
    except (UserError, psycopg.Error) as error:
        # The models serve or were refused, whatever the database says; an exporter that failed is in the summary.
        return f"the store was not told how the run ended: {error}"
    return ""


def _write_page(
    summary: Summary,
    workspace: Workspace,
    metadata_config: metadata_store_pb2.ConnectionConfig,
) -> str:
    # Only now: a plotting library in the parent would be part of every node's memory and of every start.
    from pipeline.reporting.writing import write_report

    try:
        write_report(workspace, summary.run_id, metadata_config, summary)
    except Exception as error:
        # By now the models serve or were refused; whatever is wrong with the page cannot change how the run ended.
        return (
            f"the report could not be written ({type(error).__name__}: {error}); once that is mended, call "
            f"'retail-inventory report --run {summary.run_id}'"
        )
    return ""


def _keep_for_publication(workspace: Workspace, config: Config) -> str:
    try:
        return publication.remember(workspace, config.publication)
    except OSError as error:
        return f"where to publish could not be written down, so nothing will be: {error}"


def _keep_for_registry(
    summary: Summary,
    workspace: Workspace,
    config: Config,
    metadata_config: metadata_store_pb2.ConnectionConfig,
) -> str:
    """Leaves for whoever tells the registry what only the run's end knows; nothing here waits for a registry."""
    try:
        remember(workspace, config.registry)
        if config.registry.mlflow is not None:
            schema = first(artifacts_of_run(metadata_config, summary.run_id), nodes.SCHEMA_GEN, "schema")
            file = Path(schema.uri) / files.SCHEMA if schema is not None else None
            keep_for_registry(workspace, summary.run_id, config, file)
    except OSError as error:
        return f"the registry will lack the settings of this run, which could not be written down: {error}"
    return ""
