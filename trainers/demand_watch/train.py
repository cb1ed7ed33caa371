"""Trains the demand watch: in the pipeline through run_fn, elsewhere through train or the command line."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inventory.detection.calibration import Calibration, counting_step
from serving.examples import raw_spec
from trainers.dataset import READ_BATCH, Parsed, batches, records
from trainers.demand_watch.calibrating import calibrate
from trainers.demand_watch.model import MEAN, SIZE, ZERO, DemandLikelihood, build_model
from trainers.demand_watch.outputs import CALIBRATION
from trainers.encoder import model_inputs
from trainers.fitting import EVAL_BATCH, FitResult, fit, make_reproducible
from trainers.options import OPTIONS_KEY, WatchOptions
from trainers.signatures import export
from trainers.task import Task
from trainers.training_command import train_main
from trainers.transform_graph import RAW, TransformGraph, embedding_rows, on_raw_windows
from transforms.features import FeatureSpace
from transforms.preprocessing import ENTITIES

_ASIDE = ("label_units", "label_observed", "label_known", *ENTITIES, f"{RAW}origin")
_BATCHES_LOOKED_AT = 4


def run_fn(fn_args: Any) -> None:
    """Entry point of the TFX Trainer. custom_config holds the JSON of the feature space and of the options."""
    train(Task.of_trainer(fn_args), WatchOptions.model_validate_json(fn_args.custom_config[OPTIONS_KEY]))


def train(task: Task, options: WatchOptions) -> FitResult:
    """Train on window files and write a SavedModel with both signatures.

    Its outputs: ``mean`` (in the steps that sales are counted in, which it finds), ``size`` and ``zero``, [N, H]
    (``inventory.detection.distribution.Demand``); ``silent`` [N, H], the model's probability of no demand;
    ``calibration`` [N, C], what its probabilities are worth (``inventory.detection.calibration.Calibration``), found on
    the eval split before the final passes.

    Args:
        options: how to train; the same options, files and machine give the same weights.

    Raises:
        ValueError: a split is empty, or eval has too few clean periods to calibrate on.
    """
    make_reproducible(options.seed)
    space = task.space
    step = _step(task.train_files, space)
    model = build_model(space, embedding_rows(task.transform, space), options, step)
    names = tuple(model_inputs(space))
    graph = TransformGraph(task.transform)
    spec, read = on_raw_windows(graph, space, functools.partial(training_parts, names=names, step=step))
    found: list[Calibration] = []

    def settled(chosen: keras.Model) -> None:
        found.append(_calibration(chosen, graph, task, names, step, options.seed))

    result = fit(model, DemandLikelihood(), task, spec, read, options, settled=settled)
    outputs = functools.partial(named_outputs, calibration=found[0])
    export(model, graph, space, outputs, task.directory, task.eval_files)
    return result


def training_parts(
    parsed: Parsed, names: tuple[str, ...], step: float
) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
    """Inputs, steps sold [N, H] and weights [N, H]; a period that is closed, unknown or ran out of stock weighs none.

    Taking what ran out as censored (demand was at least what was sold) was tried: on data where half of all days run
    out the forecasts of the others, which are those that are judged, doubled.
    """
    weights = parsed["label_known"] * parsed["label_observed"]
    return {name: parsed[name] for name in names}, parsed["label_units"] / step, weights


def named_outputs(parameters: tf.Tensor, calibration: Calibration) -> dict[str, tf.Tensor]:
    """The export's outputs; see train."""
    mean, size, zero = parameters[:, :, MEAN], parameters[:, :, SIZE], parameters[:, :, ZERO]
    constant = tf.constant(calibration.to_array()[None, :], tf.float32)
    return {
        "mean": mean,
        "size": size,
        "zero": zero,
        "silent": zero + (1 - zero) * tf.exp(-size * tf.math.log1p(mean / size)),
        CALIBRATION: tf.repeat(constant, tf.shape(mean)[0], axis=0),
    }


def _step(train_files: Sequence[str], space: FeatureSpace) -> float:
    """Units in which sales are counted, from some windows."""
    label = next(feature for feature in space.labels() if feature.name == "label_units")
    spec = raw_spec([label])
    parts = [
        tf.io.parse_example(examples, spec)[label.name].numpy()
        for examples in records(train_files).batch(READ_BATCH).take(_BATCHES_LOOKED_AT)
    ]
    return counting_step(np.concatenate([np.zeros((1, label.size)), *parts]))


def _calibration(
    model: keras.Model, graph: TransformGraph, task: Task, names: tuple[str, ...], step: float, seed: int
) -> Calibration:
    def select(parsed: Parsed) -> Mapping[str, tf.Tensor]:
        parameters = model({name: parsed[name] for name in names}, training=False)
        return {"parameters": parameters} | {name: parsed[name] for name in _ASIDE}

    spec, read = on_raw_windows(graph, task.space, select)
    parts = [
        {name: value.numpy() for name, value in part.items()}
        for part in batches(task.eval_files, spec, EVAL_BATCH, read)
    ]
    windows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return calibrate(windows, windows.pop("parameters"), step, task.space.period_days, seed)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line, see trainers.training_command.train_main."""
    train_main(__doc__ or "", WatchOptions, train, arguments)


if __name__ == "__main__":
    main()
