"""The command line of train.py; apart from the others, which start sooner without Transform and Beam."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
import yaml

from contracts import files
from contracts.splits import EVAL, REFIT, TRAIN, split_folder
from trainers.command_line import read_feature_space
from trainers.dataset import matching_files
from trainers.options import TrainingOptions
from trainers.task import Task
from trainers.transform_graph import analyse


def train_main(
    about: str,
    options_type: type[TrainingOptions],
    train: Callable[..., Any],
    arguments: Sequence[str] | None = None,
) -> None:
    """``--windows DIR --out DIR [--options FILE] [--transform-graph DIR] [--feature-space FILE]``.

    The windows folder holds Split-train and Split-eval with raw windows, Split-refit too if they are to be looked at
    last, and feature_space.json.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--windows", required=True, help="folder with Split-train/ and Split-eval/ of raw windows"
    )
    parser.add_argument("--out", required=True, help="where the SavedModel goes")
    parser.add_argument("--options", help="training options, YAML or JSON")
    parser.add_argument("--feature-space", help=f"default: {files.FEATURE_SPACE} in the windows folder")
    parser.add_argument(
        "--transform-graph", help="an existing graph; without it one is analysed from the windows"
    )
    given = parser.parse_args(arguments)
    space = read_feature_space(given.feature_space or os.path.join(given.windows, files.FEATURE_SPACE))
    train_files, eval_files = (
        matching_files(os.path.join(given.windows, split_folder(split), "*")) for split in (TRAIN, EVAL)
    )
    refit = os.path.join(given.windows, split_folder(REFIT))
    refit_files = matching_files(os.path.join(refit, "*")) if tf.io.gfile.exists(refit) else []
    with tempfile.TemporaryDirectory() as scratch:
        graph = given.transform_graph
        transform = tft.TFTransformOutput(graph) if graph else analyse(train_files, space, scratch)
        options = read_options(options_type, given.options)
        result = train(Task(train_files, eval_files, transform, space, given.out, refit_files), options)
    print(json.dumps({"model": given.out, **dataclasses.asdict(result)}, indent=2))


def read_options(options_type: type[TrainingOptions], path: str | None) -> TrainingOptions:
    """Options from a YAML or JSON file, or the defaults without one.

    Raises:
        pydantic.ValidationError: a setting is unknown or wrong.
    """
    if path is None:
        return options_type()
    with open(path, encoding="utf-8") as file:
        return options_type.model_validate(yaml.safe_load(file) or {})
