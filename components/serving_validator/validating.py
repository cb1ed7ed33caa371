"""Runs the probe in a fresh process, and makes checks of what it finds. Plain data in and out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

from components.model_gate import checks, remedies
from components.serving_validator.probe import BATCHES
from contracts.records.checks import ModelCheck
from serving.options import ServingOptions
from transforms.features import FeatureSpace

TIMEOUT = 600
PROBE = "components.serving_validator.probe"


def ask_in_a_fresh_process(
    folders: Mapping[str, str], space: FeatureSpace
) -> dict[str, dict[str, float | str]]:
    """What ``probe`` finds of each model, by name; ``error`` where a model does not load or answer.

    Args:
        folders: of the SavedModels, by model.
        space: the features of both.
    """
    asked = {model: {"folder": folder, "feature_space": space.to_json()} for model, folder in folders.items()}
    # What this process was told about TensorFlow is not what a server is told.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    environment |= {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
    }
    try:
        ran = subprocess.run(
            [sys.executable, "-m", PROBE, json.dumps(asked)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return {model: {"error": f"no answer within {TIMEOUT} s"} for model in folders}
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return {model: {"error": f"the process ended with {ran.returncode}: {last}"} for model in folders}
    found: dict[str, dict[str, float | str]] = json.loads(ran.stdout.splitlines()[-1])
    return found


def judged(found: Mapping[str, Mapping[str, float | str]], options: ServingOptions) -> list[ModelCheck]:
    """Three checks of each model: its answers, and its speed with one row and with many."""
    made = []
    for model, measured in found.items():
        if "error" in measured:
            reason = str(measured["error"])
            made.append(
                checks.failed("loads and answers in a fresh process", model, reason, remedies.LOADING)
            )
            continue
        many = BATCHES[-1]
        for check, ending, limit, remedy in (
            ("difference from the trainer's answers", ".difference", options.tolerance, remedies.DIFFERENCE),
            ("milliseconds to answer 1 row", ".1.latency", options.latency_one, remedies.LATENCY),
            (
                f"milliseconds to answer {many} rows",
                f".{many}.latency",
                options.latency_many,
                remedies.LATENCY,
            ),
        ):
            values = {name: float(value) for name, value in measured.items() if name.endswith(ending)}
            worst = max(values, key=lambda name: values[name])
            note = f", worst with signature {worst.split('.')[0]}"
            made.append(checks.at_most(check, model, values[worst], limit, note=note, remedy=remedy))
    return made
