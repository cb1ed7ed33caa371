"""What a network is trained on, whoever asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow_transform as tft

from trainers.dataset import matching_files, train_and_refit_files
from transforms.features import FeatureSpace
from transforms.preprocessing import FEATURE_SPACE_KEY


@dataclass(frozen=True)
class Task:
    """Window files, the graph that transforms them, and where the model goes.

    Attributes:
        train_files: TFRecord files of raw windows; the graph transforms them as they are read.
        eval_files: later windows, for early stopping.
        transform: the graph; it goes into the export.
        space: declares the raw features.
        directory: of the SavedModel.
        refit_files: windows that are looked at last, with the training's; the later ones where there are none.
    """

    train_files: Sequence[str]
    eval_files: Sequence[str]
    transform: tft.TFTransformOutput
    space: FeatureSpace
    directory: str
    refit_files: Sequence[str] = ()

    @classmethod
    def of_trainer(cls, fn_args: Any) -> Task:
        """From the arguments of the TFX Trainer, whose custom_config holds the JSON of the feature space."""
        train_files, refit_files = train_and_refit_files(fn_args.train_files)
        return cls(
            train_files,
            matching_files(fn_args.eval_files),
            tft.TFTransformOutput(fn_args.transform_graph_path),
            FeatureSpace.from_json(fn_args.custom_config[FEATURE_SPACE_KEY]),
            fn_args.serving_model_dir,
            refit_files,
        )
