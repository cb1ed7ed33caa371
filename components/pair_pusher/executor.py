"""Pushes both models where both are blessed, and records what became of them."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import path_utils

from components.model_gate.tfma_results import overall_metrics
from contracts import files, properties
from contracts.models import DEMAND, MODELS, REPLENISHMENT, WATCH, WATCH_BLESSING, WATCH_MODEL, channel
from serving.directory.layout import model_folder
from serving.directory.pushing import Pushed, push
from serving.options import ServingOptions

LOG = logging.getLogger(__name__)
METRICS = {DEMAND: ("wape", "bias"), REPLENISHMENT: ("cycle_cost", "fill_rate")}
"""What the manifest of a pair says of each model."""


class Executor(base_executor.BaseExecutor):
    """See components.pair_pusher.component.PairPusher."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        given = {key: artifacts[0] for key, artifacts in input_dict.items() if artifacts}
        root = Path(exec_properties["serving"])
        pushed = None
        if is_blessed(given):
            options = ServingOptions.model_validate_json(exec_properties["options"])
            run_id = str(self._context.pipeline_run_id)
            pushed = push(
                root,
                sources_of(given),
                facts(given, run_id) | {"settings": json.loads(exec_properties["settings"])},
                keep=options.keep,
                canary=options.canary,
                by=f"run {run_id}",
            )
        if pushed is None:
            LOG.warning("nothing pushed: the pair is not blessed")
        else:
            LOG.info("pushed", extra={"version": pushed.version, "stage": pushed.stage, "new": pushed.new})
            if pushed.replaced is not None:
                LOG.warning("an undecided canary is replaced", extra={"replaced": pushed.replaced})
        for model in MODELS:
            record(
                artifact_utils.get_single_instance(output_dict[channel(model, "pushed")]), root, model, pushed
            )


def sources_of(given: dict[str, Artifact]) -> dict[str, Path]:
    """Folders of what is pushed, by model: of the pair, and of a demand watch that is blessed."""
    models = {model: given[channel(model, "model")] for model in MODELS}
    if WATCH_BLESSING in given:
        if _has_blessing(given[WATCH_BLESSING]):
            models[WATCH] = given[WATCH_MODEL]
        else:
            LOG.warning("the demand watch is not blessed: the pair is pushed without it")
    return {model: Path(path_utils.serving_model_path(artifact.uri)) for model, artifact in models.items()}


def is_blessed(given: dict[str, Artifact]) -> bool:
    """Whether everybody who was asked blessed both models; whoever was not, and the watch's gate, have no say."""
    asked = [
        artifact for key, artifact in given.items() if key.endswith("_blessing") and key != WATCH_BLESSING
    ]
    return len(asked) >= len(MODELS) and all(map(_has_blessing, asked))


def _has_blessing(artifact: Artifact) -> bool:
    return bool(artifact.get_int_custom_property(properties.BLESSED) == 1)


def facts(given: dict[str, Artifact], run_id: str) -> dict[str, Any]:
    """What a manifest tells: the run, its data, how good the models were in evaluation, and by what the pair plans."""
    rows = given["examples"]
    planning = Path(given["comparison"].uri, files.PLANNING)
    return {
        "run_id": run_id,
        "first_date": rows.get_string_custom_property(properties.FIRST_DATE),
        "last_date": rows.get_string_custom_property(properties.LAST_DATE),
        "metrics": {
            model: {name: metrics[name] for name in METRICS[model] if name in metrics}
            for model, metrics in (
                (model, overall_metrics(given[channel(model, "evaluation")].uri)) for model in MODELS
            )
        },
        "planning": json.loads(planning.read_text()),
        "model_ids": {model: given[channel(model, "model")].id for model in MODELS},
    }


def record(artifact: Artifact, root: Path, model: str, pushed: Pushed | None) -> None:
    """What TFX's Pusher records, and the pair's stage; ``pushed`` is 1 only where readers see the version."""
    there = pushed is not None and pushed.visible
    artifact.set_int_custom_property(properties.PUSHED, int(there))
    if pushed is None:
        return
    artifact.set_string_custom_property(properties.STAGE, pushed.stage)
    artifact.set_int_custom_property(properties.NEW, int(pushed.new))
    artifact.set_string_custom_property(properties.PUSHED_AT, pushed.pushed_at)
    if there:
        artifact.set_string_custom_property(
            properties.PUSHED_DESTINATION, str(root / model / str(pushed.version))
        )
        artifact.set_string_custom_property(properties.PUSHED_VERSION, str(pushed.version))
        card = {"version": pushed.version, "folder": str(model_folder(root, pushed.version, model))}
        (Path(artifact.uri) / "pushed.json").write_text(json.dumps(card) + "\n")
