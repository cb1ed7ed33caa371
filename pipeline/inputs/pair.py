"""The pushed pair, or why there is none, and the settings that it was trained with against those of now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from contracts.errors import UserError
from contracts.models import DEMAND
from contracts.records.planning import Planning
from contracts.records.summary import SUMMARY_FILE, Summary
from pipeline.config import Config
from pipeline.workspace import Workspace
from serving.directory.layout import read_manifest, read_state, stable_version

_TRAINING_ONLY = {
    "windows": {"test_periods", "eval_periods", "train_stride", "newest_stride", "eval_stride"},
    "data": {"as_of", "quarantine", "shards", "dialect"},
}
"""Settings that decide on nothing once a pair is trained."""

_STAND_INS = frozenset(
    f"data.{name}"
    for name in (
        "lead_time", "pack_size", "minimum_order_quantity", "holding_cost", "shortage_cost", "carrying_rate",
        "shortage_margin", "target_cycle_service", "target_fill_rate", "category_targets",
    )
)  # fmt: skip
"""Inputs of a plan rather than of the models: another one is said, not refused."""
_SHOWN = 8


def settings_of(config: Config) -> dict[str, Any]:
    """The settings that a pair belongs to, as JSON holds them: by section and name, such as ``windows.history``."""
    sections: dict[str, dict[str, Any]] = {
        name: getattr(config, name).model_dump(mode="json", exclude=left_out)
        for name, left_out in _TRAINING_ONLY.items()
    }
    found = {f"{name}.{key}": value for name, section in sections.items() for key, value in section.items()}
    return found | {f"{DEMAND}.quantiles": list(config.demand_forecasting.quantiles)}


def pushed_version(workspace: Workspace) -> int:
    """Version of the pair that serves.

    Raises:
        UserError: no pair was pushed in this workspace; says how its last run ended.
        ServingError: the serving directory cannot be read.
    """
    if read_state(workspace.serving).stable is None:
        raise UserError(f"{workspace.serving}: holds no pushed pair; {_why_not(workspace)}")
    return stable_version(workspace.serving)


def planning_of(workspace: Workspace, version: int) -> Planning:
    """By which policy a pair plans; one of before this was chosen plans by its replenishment model."""
    return Planning.model_validate(read_manifest(workspace.serving, version)["facts"].get("planning", {}))


def check_settings(workspace: Workspace, version: int, config: Config, section: str = "") -> str:
    """Compares a configuration with the one that a pair was trained with.

    Args:
        config: what is given now.
        section: what the names that count begin with, such as ``data.``; empty: all of them.

    Returns:
        What differs in the constants that stand in for what data lack; empty where nothing does.

    Raises:
        UserError: a setting that the pair depends on differs; names each with both values.
    """
    then: Mapping[str, Any] = read_manifest(workspace.serving, version)["facts"].get("settings", {})
    now = settings_of(config)
    other = [name for name in now if name.startswith(section) and name in then and then[name] != now[name]]
    grave = [name for name in other if name not in _STAND_INS]
    if grave:
        differences = [_differs(name, now[name], then[name]) for name in grave]
        more = [f"and {len(differences) - _SHOWN} more"] if len(differences) > _SHOWN else []
        listed = "; ".join([*differences[:_SHOWN], *more])
        raise UserError(
            f"the pair {version} was trained otherwise: {listed}. Give the --config of its run; or, if the change is "
            "meant, train a pair with it: run with --re-baseline --reason TEXT"
        )
    if not other:
        return ""
    listed = "; ".join(_differs(name, now[name], then[name]) for name in other)
    return f"not as in the run that trained the pair: {listed}"


def _differs(name: str, now: Any, then: Any) -> str:
    return f"{name} is {_shown(now)} here, and was {_shown(then)}"


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value) if isinstance(value, str) else json.dumps(value)


def _why_not(workspace: Workspace) -> str:
    """How the workspace's last run ended, and what to do."""
    summaries = sorted((workspace.root / "reports").glob(f"*/{SUMMARY_FILE}"))
    if not summaries:
        return "call 'retail-inventory run' in this workspace first"
    try:
        last = Summary.read(summaries[-1])
    except (OSError, UserError):
        return "call 'retail-inventory run' in this workspace again"
    if last.status == "pushed":
        return "the last run pushed one, which is gone; call 'retail-inventory run' in this workspace again"
    said, remedy = {
        "refused_data": ("refused the data", "correct the data, and run again"),
        "refused_model": (
            "refused the models",
            "; ".join(last.remedies)
            or "see docs/data-scientists.md for what each check asks, and the gate's settings for its limits",
        ),
    }.get(last.status, ("failed", "mend that, and run again"))
    problems = [f"{problem.file}: {problem.message}" for problem in last.data.problems]
    broken = [f"{node.node}: {node.reason}" for node in last.components if node.reason]
    causes = problems or last.reasons or broken
    more = f"; and {len(causes) - 3} more" if len(causes) > 3 else ""
    page = workspace.page(last.run_id)
    return f"the last run, {last.run_id}, {said}: {'; '.join(causes[:3])}{more}. Its page is {page}; {remedy}"
