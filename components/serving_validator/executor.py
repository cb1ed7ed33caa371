"""Writes what the probe found of both models."""

from __future__ import annotations

import logging
import os
from typing import Any

from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.serving_validator.validating import ask_in_a_fresh_process, judged
from contracts import files
from contracts.models import MODELS, channel
from contracts.records.checks import checks_to_json, log_checks
from serving.options import ServingOptions
from transforms.features import FeatureSpace

LOG = logging.getLogger(__name__)


class Executor(base_executor.BaseExecutor):
    """See components.serving_validator.component.ServingValidator."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        folders = {
            model: path_utils.serving_model_path(
                artifact_utils.get_single_uri(input_dict[channel(model, "model")])
            )
            for model in MODELS
        }
        found = ask_in_a_fresh_process(folders, FeatureSpace.from_json(exec_properties["feature_space"]))
        made = judged(found, ServingOptions.model_validate_json(exec_properties["options"]))
        log_checks(LOG, made)
        verdict = artifact_utils.get_single_instance(output_dict["verdict"])
        with fileio.open(os.path.join(verdict.uri, files.CHECKS), "w") as file:
            file.write(checks_to_json(made))
