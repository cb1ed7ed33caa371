"""What an MLflow server holds, read into this product's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.models import MODELS
from pipeline.registry.runs import PAIR, RUN_ID
from pipeline.registry.server import Server
from pipeline.registry.sides import Registered, Registry, Version
from pipeline.registry_options import RegistryOptions

STAGE, TOLD = "stage", "retail.told_champion"
"""Tags of a version, and of a registered model."""
_ENDED = ("FINISHED", "FAILED")


@dataclass(frozen=True)
class MlflowRun:
    """A run on MLflow's side.

    Attributes:
        number: MLflow's id.
        artifacts: address of its artifacts.
        whole: whether it was told to its end.
    """

    number: str
    artifacts: str
    whole: bool


def read_experiment(server: Server, name: str) -> str | None:
    """Id of an experiment; None where there is none."""
    found = server.find("experiments/get-by-name", experiment_name=name)
    return str(found["experiment"]["experiment_id"]) if found else None


def read_runs(server: Server, experiment: str) -> dict[str, MlflowRun]:
    """By our run's id; of two of one id, as two workspaces' tellers at one moment would leave, the whole one."""
    found: dict[str, MlflowRun] = {}
    for run in server.pages("runs/search", "runs", {"experiment_ids": [experiment]}, post=True):
        tags = _tags(run["data"])
        info = run["info"]
        told = MlflowRun(info["run_id"], info["artifact_uri"], info["status"] in _ENDED)
        if RUN_ID in tags and (told.whole or tags[RUN_ID] not in found):
            found[tags[RUN_ID]] = told
    return found


def read_registry(server: Server, options: RegistryOptions) -> Registry:
    """Both registered models; one that is not there has no versions."""
    return {model: _read_model(server, options.model_prefix + model) for model in MODELS}


def _read_model(server: Server, name: str) -> Registered:
    found = server.find("registered-models/get", name=name)
    if found is None:
        return Registered({}, {})
    model = found["registered_model"]
    versions = {}
    for version in server.pages("model-versions/search", "model_versions", {"filter": f"name='{name}'"}):
        tags = _tags(version)
        pair = tags.get(PAIR, "")
        number = str(version["version"])
        versions[number] = Version(number, int(pair) if pair.isdigit() else None, tags.get(STAGE, ""))
    aliases = {found["alias"]: str(found["version"]) for found in model.get("aliases", [])}
    told = _tags(model).get(TOLD, "")
    return Registered(versions, aliases, int(told) if told.isdigit() else None)


def _tags(found: Mapping[str, list[Mapping[str, str]]]) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in found.get("tags", [])}
