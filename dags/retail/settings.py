"""Settings of the DAGs, from the section ``[retail]`` of Airflow's configuration (or ``AIRFLOW__RETAIL__<NAME>``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from airflow.sdk import conf

Runner = Literal["process", "kubernetes"]


@dataclass(frozen=True)
class Settings:
    """What a platform decides.

    Attributes:
        description: what ``retail-inventory compile`` wrote; names data, workspace, configuration and nodes.
        runner: ``process``: tasks are processes of this machine; ``kubernetes``: each is a pod.
        reports_url: where the workspace's ``reports/`` is served; links of tasks lead there.
        lines_url: a query of the lines of one run in a store of logs, ``{run}`` and ``{node}`` in it; tasks link there.
        webhook: is sent a JSON object for every failed task; none if empty.
        image: of pods.
        namespace: of pods.
        volume_claim: of the volume that holds data and workspace, mounted at ``volume_path`` in pods.
        volume_path: folder that both lie below.
        retry_delay: seconds before the first retry; each later one waits twice as long.
    """

    description: Path
    runner: Runner
    reports_url: str
    lines_url: str
    webhook: str
    image: str
    namespace: str
    volume_claim: str
    volume_path: str
    retry_delay: float


def settings() -> Settings:
    """Reads the section.

    Raises:
        ValueError: a setting is missing or is none of the allowed ones; the message names it.
    """
    description = conf.get("retail", "description", fallback="")
    if not description:
        raise ValueError(
            "Airflow's configuration names no [retail] description; set it to the pipeline.json that "
            "'retail-inventory compile' wrote"
        )
    runner = conf.get("retail", "runner", fallback="process")
    if runner not in get_args(Runner):
        raise ValueError(f"[retail] runner = {runner}: is none of {', '.join(get_args(Runner))}")
    values = {
        name: conf.get("retail", name, fallback="")
        for name in (
            "reports_url",
            "lines_url",
            "webhook",
            "image",
            "namespace",
            "volume_claim",
            "volume_path",
        )
    }
    missing = [name for name in ("image", "volume_claim", "volume_path") if not values[name]]
    if runner == "kubernetes" and missing:
        raise ValueError(f"[retail] runner = kubernetes also needs {', '.join(missing)}")
    delay = conf.getfloat("retail", "retry_delay", fallback=20.0)
    return Settings(description=Path(description), runner=cast(Runner, runner), retry_delay=delay, **values)
