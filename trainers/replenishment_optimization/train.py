"""Trains the replenishment network: through run_fn in the pipeline, elsewhere through train or the command line."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from trainers.dataset import Parsed
from trainers.encoder import model_inputs
from trainers.fitting import FitResult, fit, make_reproducible
from trainers.options import OPTIONS_KEY, ReplenishmentOptions
from trainers.replenishment_optimization.model import EXTRA_INPUTS, NewsvendorCost, build_model
from trainers.signatures import export
from trainers.task import Task
from trainers.training_command import train_main
from trainers.transform_graph import TransformGraph, embedding_rows, on_raw_windows


def run_fn(fn_args: Any) -> None:
    """Entry point of the TFX Trainer. custom_config holds the JSON of the feature space and of the options."""
    train(
        Task.of_trainer(fn_args), ReplenishmentOptions.model_validate_json(fn_args.custom_config[OPTIONS_KEY])
    )


def train(task: Task, options: ReplenishmentOptions) -> FitResult:
    """Train on window files and write a SavedModel with both signatures.

    Its output: ``order_up_to_level`` [N, 1], units, for each window's own lead time, review period
    and costs.

    Args:
        options: how to train; the same options, files and machine give the same weights.

    Raises:
        ValueError: a split is empty.
    """
    make_reproducible(options.seed)
    space = task.space
    model = build_model(space, embedding_rows(task.transform, space), options)
    names = tuple(model_inputs(space, EXTRA_INPUTS))
    judge = functools.partial(training_parts, names=names, volume_power=options.volume_power)

    def learn(parsed: Parsed) -> object:
        return judge(with_other_intervals(parsed, options.other_intervals, options.seed))

    graph = TransformGraph(task.transform)
    spec, learn_from = on_raw_windows(graph, space, learn)
    _, judge_on = on_raw_windows(graph, space, judge)
    result = fit(model, NewsvendorCost(), task, spec, learn_from, options, select_eval=judge_on)
    export(model, graph, space, named_outputs, task.directory, task.eval_files)
    return result


def with_other_intervals(parsed: Parsed, share: float, seed: int) -> dict[str, tf.Tensor]:
    """Windows of which a share is asked about another protection interval, of 1 .. H periods, than their own.

    The labels of any interval within the horizon follow from the demand of its periods. Seeing several of
    them teaches the network how the level grows with the interval, which each product's one interval cannot.
    """
    horizon = parsed["label_units"].shape[1]
    own = parsed["protection"]
    shape = tf.shape(own)
    other = tf.cast(tf.random.stateless_uniform(shape, (seed, 1), 1, horizon + 1, tf.int32), tf.float32)
    change = tf.random.stateless_uniform(shape, (seed, 2)) < share
    covered = tf.cast(tf.range(1, horizon + 1), tf.float32)[None, :] <= other
    demand = tf.reduce_sum(tf.where(covered, parsed["label_demand"], 0.0), axis=1, keepdims=True)
    observed = tf.reduce_min(tf.where(covered, parsed["label_demand_known"], 1.0), axis=1, keepdims=True)
    return {
        **parsed,
        "protection": tf.where(change, other, own),
        "protection_demand": tf.where(change, demand, parsed["protection_demand"]),
        "protection_observed": tf.where(change, observed, parsed["protection_observed"]),
    }


def training_parts(
    parsed: Parsed, names: tuple[str, ...], volume_power: float
) -> tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor]:
    """Inputs, labels [N, 3] (demand, holding cost, shortage cost) and weights [N].

    A window with a period of its protection interval whose demand is unknown weighs nothing. With volume_power 1 the
    loss is money; below 1, the cost is taken relative to the money that a window's demand turns over.
    """
    money = parsed["scale"] * parsed["protection"] * (parsed["holding_cost"] + parsed["shortage_cost"])
    weights = parsed["protection_observed"] * tf.pow(tf.maximum(money, 1e-6), volume_power - 1.0)
    labels = tf.concat([parsed["protection_demand"], parsed["holding_cost"], parsed["shortage_cost"]], axis=1)
    return {name: parsed[name] for name in names}, labels, weights[:, 0]


def named_outputs(level: tf.Tensor) -> dict[str, tf.Tensor]:
    """The export's output; see train."""
    return {"order_up_to_level": level}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line, see trainers.training_command.train_main."""
    train_main(__doc__ or "", ReplenishmentOptions, train, arguments)


if __name__ == "__main__":
    main()
