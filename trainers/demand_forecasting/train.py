"""Trains the demand network: in the pipeline through run_fn, elsewhere through train or the command line."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from trainers.dataset import Parsed
from trainers.demand_forecasting.labels import demand_of, loss_weights
from trainers.demand_forecasting.model import PinballLoss, build_model
from trainers.demand_forecasting.trees.training import Trees
from trainers.encoder import model_inputs
from trainers.fitting import FitResult, fit, make_reproducible
from trainers.options import OPTIONS_KEY, DemandOptions
from trainers.signatures import export
from trainers.task import Task
from trainers.training_command import train_main
from trainers.transform_graph import TransformGraph, embedding_rows, on_raw_windows


def run_fn(fn_args: Any) -> None:
    """Entry point of the TFX Trainer. custom_config holds the JSON of the feature space and of the options."""
    train(Task.of_trainer(fn_args), DemandOptions.model_validate_json(fn_args.custom_config[OPTIONS_KEY]))


def train(task: Task, options: DemandOptions) -> FitResult:
    """Train on window files and write a SavedModel with both signatures.

    Its outputs: ``quantiles`` [N, H, Q], units, by rising level; ``demand`` [N, H], the median, units;
    ``levels`` [N, Q], the quantile levels.

    Args:
        options: how to train; the same options, files and machine give the same weights.

    Raises:
        ValueError: a split is empty.
    """
    make_reproducible(options.seed)
    space = task.space
    model = build_model(space, embedding_rows(task.transform, space), options)
    names = tuple(model_inputs(space))
    select = functools.partial(
        training_parts, names=names, volume_power=options.volume_power, recovered=options.recovered
    )
    graph = TransformGraph(task.transform)
    spec, read = on_raw_windows(graph, space, select)
    loss = PinballLoss(options.quantiles)
    trees = Trees(task, graph, options) if options.trees else None
    result = fit(model, loss, task, spec, read, options, settled=trees.blend_with if trees else None)
    outputs = functools.partial(named_outputs, levels=options.quantiles)
    whole = trees.beside(model) if trees else model
    about = trees.about() if trees else {}
    export(whole, graph, space, outputs, task.directory, task.eval_files, about)
    return result


def training_parts(
    parsed: Parsed, names: tuple[str, ...], volume_power: float, recovered: bool
) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
    """Inputs, labels [N, H] and weights [N, H]; a period whose demand is unknown, or that is closed, weighs nothing.

    With ``recovered`` a period that was stocked for a part counts with its sales scaled up, else it is left out.
    """
    label, mask = demand_of(parsed, recovered)
    return {name: parsed[name] for name in names}, label, loss_weights(mask, parsed["scale"], volume_power)


def named_outputs(quantiles: tf.Tensor, levels: tuple[float, ...]) -> dict[str, tf.Tensor]:
    """The export's outputs; see train."""
    return {
        "quantiles": quantiles,
        "demand": quantiles[:, :, levels.index(0.5)],
        "levels": tf.ones_like(quantiles[:, 0, :]) * tf.constant(levels, tf.float32),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line, see trainers.training_command.train_main."""
    train_main(__doc__ or "", DemandOptions, train, arguments)


if __name__ == "__main__":
    main()
