"""What MLflow is told of a run: from its summary, and from what its end wrote down beside it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from contracts.durable import replace_file
from contracts.models import DEMAND, MODELS
from contracts.records.summary import SUMMARY_FILE, Summary
from pipeline.config import Config
from pipeline.workspace import Workspace

RUN_FILE = "registry.json"
"""In the folder of a run's page: what its summary does not hold."""
RUN_ID, PAIR = "retail.run_id", "pair"
"""Tags by which a run, and the two versions of a pair, are found again."""
_NOT_TOLD = {
    "database_url",
    "registry",
    "publication",
    "backup",
    "beam_arguments",
    "schema_file",
    "severity_file",
    "name",
    "workers",
}
"""Settings that say nothing of the models, or where something is."""
_STRANGE = re.compile(r"[^\w.\- :]")
_LONGEST_NAME, _LONGEST_VALUE = 100, 5000


@dataclass(frozen=True)
class ToldRun:
    """A run as MLflow is told of it.

    Attributes:
        run_id: ours.
        status: MLflow's.
        began: seconds since 1970.
        ended: the same.
        parameters: the settings that the pair was made with.
        metrics: by name such as ``demand_forecasting/store_id:S01/wape``.
        tags: from where the data were, and how it ended.
        files: by name below the run's artifacts.
    """

    run_id: str
    status: str
    began: float
    ended: float
    parameters: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)


def keep_for_registry(workspace: Workspace, run_id: str, config: Config, schema: Path | None) -> None:
    """Writes down what a later call could not know of a run any more.

    Args:
        config: that it had.
        schema: file of the reviewed schema; None where the run did not come to it.
    """
    content = {
        "parameters": dict(_flat(config.model_dump(mode="json", exclude=_NOT_TOLD))),
        "schema_sha256": hashlib.sha256(schema.read_bytes()).hexdigest() if schema else None,
    }
    replace_file(workspace.report(run_id) / RUN_FILE, json.dumps(content, indent=1) + "\n")


def told_runs(workspace: Workspace) -> list[str]:
    """Ids of the runs that have a summary, newest first."""
    return sorted(
        (file.parent.name for file in workspace.root.glob(f"reports/*/{SUMMARY_FILE}")), reverse=True
    )


def run_as_told(workspace: Workspace, run_id: str, facts: Mapping[str, Any] | None = None) -> ToldRun:
    """A run of this workspace.

    Args:
        facts: of the manifest of a pair that it pushed, which stand in where the run's summary is gone.

    Raises:
        UserError: its summary cannot be read.
    """
    folder = workspace.report(run_id)
    file = folder / SUMMARY_FILE
    if not file.exists():
        return _of_manifest(run_id, facts or {})
    summary = Summary.read(file)
    kept = json.loads((folder / RUN_FILE).read_text()) if (folder / RUN_FILE).exists() else {}
    parameters = kept.get("parameters") or dict(_flat((facts or {}).get("settings", {})))
    files = {"report/" + path.name: path for path in (workspace.page(run_id), file) if path.exists()}
    return ToldRun(
        run_id,
        "FAILED" if summary.status == "failed" else "FINISHED",
        _began(run_id, file),
        file.stat().st_mtime,
        parameters,
        dict(_metrics(summary)),
        dict(_tags(summary, kept.get("schema_sha256"))),
        files,
    )


def _of_manifest(run_id: str, facts: Mapping[str, Any]) -> ToldRun:
    metrics = {
        f"{model}/{metric_name(name)}": float(value)
        for model, found in facts.get("metrics", {}).items()
        for name, value in found.items()
    }
    tags = {RUN_ID: run_id} | {
        f"data.{name}": facts[name] for name in ("first_date", "last_date") if name in facts
    }
    began = _began(run_id)
    parameters = dict(_flat(facts.get("settings", {})))
    return ToldRun(run_id, "FINISHED", began, began, parameters, metrics, tags)


def _began(run_id: str, file: Path | None = None) -> float:
    try:
        return datetime.strptime(run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return file.stat().st_mtime if file else 0.0


def _flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Settings by their dotted names."""
    for name, value in content.items():
        if isinstance(value, dict) and value and before.count(".") < 1:
            yield from _flat(value, f"{before}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            yield before + name, text[:_LONGEST_VALUE]


def metric_name(text: str) -> str:
    """A part of a metric's name, of the letters that MLflow takes; one that had others keeps apart from its likes."""
    made = _STRANGE.sub("_", text.replace("=", ":"))
    if made == text.replace("=", ":") and len(made) <= _LONGEST_NAME and made.strip(". "):
        return made
    return f"{made[:_LONGEST_NAME].strip('. ')}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _metrics(summary: Summary) -> Iterator[tuple[str, float]]:
    """What is a number: of both models, by slice too, of what they are held against, and the simulated cost."""
    for model, found in summary.models.items():
        by_place: dict[str, Mapping[str, float | None]] = {
            "": found.metrics.__pydantic_extra__ or {},
            **{f"{metric_name(name)}/": metrics for name, metrics in found.baselines.items()},
            **{f"{metric_name(name)}/": metrics for name, metrics in found.slices.items()},
        }
        for place, metrics in by_place.items():
            yield from _numbers(f"{model}/{place}", metrics)
    coverage = summary.models[DEMAND].metrics.coverage
    yield from _numbers(f"{DEMAND}/coverage/", coverage)
    for policy, simulated in summary.simulation.items():
        yield from _numbers(f"simulation/{policy}/", simulated.model_dump(exclude={"by"}))
    if summary.planning is not None and summary.planning.against_base_stock is not None:
        ends = zip(("estimate", "low", "high"), summary.planning.against_base_stock, strict=True)
        yield from _numbers("planning/cost_against_base_stock/", dict(ends))


def _numbers(before: str, metrics: Mapping[str, float | None]) -> Iterator[tuple[str, float]]:
    for name, value in metrics.items():
        if value is not None:
            yield before + metric_name(name), float(value)


def _tags(summary: Summary, schema: str | None) -> Iterator[tuple[str, str]]:
    data = summary.data
    pairs = {summary.models[model].pushed_version for model in MODELS} - {None}
    found: dict[str, object] = {
        RUN_ID: summary.run_id,
        "retail.status": summary.status,
        "data.span": data.span,
        "data.first_date": data.first_date,
        "data.last_date": data.last_date,
        "data.rows": data.rows,
        "schema_sha256": schema,
        PAIR: next(iter(pairs), None),
        "planning.policy": summary.planning.policy if summary.planning else None,
        "reasons": "; ".join(summary.reasons)[:_LONGEST_VALUE] or None,
    }
    for name, value in found.items():
        if value is not None:
            yield name, str(value)
