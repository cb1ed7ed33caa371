"""Settings of the DAGs, from the section ``[retail]`` of Airflow's configuration (or ``AIRFLOW__RETAIL__<NAME>``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from airflow.sdk import conf

Runner = Literal["process", "kubernetes"]


@dataclass(frozen=True)
class PodSettings:
    """What a cluster decides of pods.

    Attributes:
        image: that holds the product.
        namespace: of pods; Airflow's own if empty.
        volume_claim: of the volume that holds data and workspace, mounted at ``volume_path`` in pods.
        volume_path: folder that both lie below.
        service_account: that pods run as; the namespace's default one if empty. Its token is never mounted.
        pull_secret: Secret that the image is pulled with; none if empty.
        environment_secret: Secret whose keys become variables of the command, such as PGPASSWORD; none if empty.
        certificates: ConfigMap whose ``ca.crt`` the database's certificate is checked by; none if empty.
        resources: by task id, ``heavy`` or ``default``: requests and limits as Kubernetes has them; goes before ours.
        startup_timeout: seconds until a pod must have started, which includes pulling the image.
        template: file of a pod that ours are laid over, for node selectors, tolerations and the like; none if empty.
    """

    image: str
    namespace: str
    volume_claim: str
    volume_path: str
    service_account: str
    pull_secret: str
    environment_secret: str
    certificates: str
    resources: Mapping[str, Mapping[str, Mapping[str, str]]]
    startup_timeout: int
    template: str


@dataclass(frozen=True)
class Settings:
    """What a platform decides.

    Attributes:
        description: what ``retail-inventory compile`` wrote; names data, workspace, configuration and nodes.
        reports_url: where the workspace's ``reports/`` is served; links of tasks lead there.
        lines_url: a query of the lines of one run in a store of logs, ``{run}`` and ``{node}`` in it; tasks link there.
        webhook: is sent a JSON object for every failed task; none if empty.
        retry_delay: seconds before the first retry; each later one waits twice as long.
        pods: where each task is a pod (``runner = kubernetes``); None where tasks are processes of this machine.
    """

    description: Path
    reports_url: str
    lines_url: str
    webhook: str
    retry_delay: float
    pods: PodSettings | None


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
    return Settings(
        description=Path(description),
        reports_url=_text("reports_url"),
        lines_url=_text("lines_url"),
        webhook=_text("webhook"),
        retry_delay=conf.getfloat("retail", "retry_delay", fallback=20.0),
        pods=_pods() if runner == "kubernetes" else None,
    )


def _pods() -> PodSettings:
    missing = [name for name in ("image", "volume_claim", "volume_path") if not _text(name)]
    if missing:
        raise ValueError(f"[retail] runner = kubernetes also needs {', '.join(missing)}")
    return PodSettings(
        image=_text("image"),
        namespace=_text("namespace"),
        volume_claim=_text("volume_claim"),
        volume_path=_text("volume_path"),
        service_account=_text("service_account"),
        pull_secret=_text("pull_secret"),
        environment_secret=_text("environment_secret"),
        certificates=_text("certificates"),
        resources=_resources(_text("resources")),
        startup_timeout=conf.getint("retail", "startup_timeout", fallback=900),
        template=_text("pod_template"),
    )


def _text(name: str) -> str:
    return str(conf.get("retail", name, fallback=""))


def _resources(text: str) -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """By task, requests and limits.

    Raises:
        ValueError: it is no JSON of that form.
    """
    example = 'such as {"heavy": {"requests": {"cpu": "2", "memory": "6Gi"}, "limits": {"memory": "6Gi"}}}'
    try:
        found: Any = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"[retail] resources = {text}: is no JSON ({error}); give one {example}") from error
    tasks = found.values() if isinstance(found, dict) else [None]
    kinds = [kind for task in tasks for kind in (task.items() if isinstance(task, dict) else [(None, None)])]
    if any(name not in ("requests", "limits") or not isinstance(of, dict) for name, of in kinds):
        raise ValueError(
            f"[retail] resources = {text}: gives no task its requests and limits; give one {example}"
        )
    return cast("Mapping[str, Mapping[str, Mapping[str, str]]]", found)
