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
from trainers.replenishment_optimization.model import EXTRA_INPUTS, OrderCost, build_model
from trainers.replenishment_optimization.rollout import Chains, Labels, known_until, random_starts
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

    Its outputs, units, for each window's own lead time, review period and costs: ``order_up_to_level`` and
    ``largest_order``, [N, 1].

    Args:
        options: how to train; the same options, files and machine give the same weights.

    Raises:
        ValueError: a split is empty.
    """
    make_reproducible(options.seed)
    space = task.space
    model = build_model(space, embedding_rows(task.transform, space), options)
    names = tuple(model_inputs(space, EXTRA_INPUTS))
    parts = functools.partial(
        training_parts,
        names=names,
        period_days=space.period_days,
        reviews=options.reviews,
        volume_power=options.volume_power,
        seed=options.seed,
    )
    graph = TransformGraph(task.transform)
    spec, judge_on = on_raw_windows(graph, space, parts)
    _, learn_from = on_raw_windows(
        graph, space, functools.partial(parts, other_intervals=options.other_intervals)
    )
    # Neighbours in the files stay together, or no window would have a next one.
    result = fit(
        model,
        OrderCost(),
        task,
        spec,
        learn_from,
        options,
        select_eval=judge_on,
        together=2 * options.reviews,
    )
    export(model, graph, space, named_outputs, task.directory, task.eval_files)
    return result


def training_parts(
    parsed: Parsed,
    *,
    names: tuple[str, ...],
    period_days: int,
    reviews: int,
    volume_power: float,
    seed: int,
    other_intervals: float = 0.0,
) -> tuple[dict[str, tf.Tensor], Labels, tf.Tensor]:
    """Inputs, labels and weights [N].

    A window with an unknown demand among the periods that its order is judged by weighs nothing. With volume_power 1
    the loss is money; below 1, the cost is taken relative to the money that a window's demand turns over.

    Args:
        parsed: transformed windows with labels.
        names: of the inputs.
        period_days: 1 or 7.
        reviews: windows of a chain at most.
        volume_power: see ``trainers.options``.
        seed: of all that is drawn.
        other_intervals: share of the chains that are asked about another lead time than their own. Seeing several
            teaches the network how level and largest order grow with it, which each product's one lead time cannot.
    """
    chains = Chains.of(parsed, period_days, reviews)
    known, review = parsed["label_demand_known"], parsed["review"]
    lead = parsed["protection"] - review
    drawn = tf.random.stateless_uniform((tf.shape(lead)[0], 2), (seed, 1))
    longest = tf.maximum(float(known.shape[1]) - review, 0.0)
    other = tf.minimum(tf.floor(drawn[:, 1:] * (longest + 1.0)), longest)
    lead = tf.gather(tf.where(drawn[:, :1] < other_intervals, other, lead), chains.first)
    asked = {**parsed, "protection": lead + review, "lead": lead}
    judged = tf.where(chains.last[:, None], lead + review, review)
    money = parsed["scale"] * review * (review * parsed["holding_cost"] + parsed["shortage_cost"])
    weights = tf.pow(tf.maximum(money, 1e-6), volume_power - 1.0)[:, 0] * known_until(known, judged)
    judged_by = ("label_demand", "lead", "review", "holding_cost", "shortage_cost", "pack_size")
    labels = Labels(
        {name: asked[name] for name in judged_by},
        chains,
        random_starts(asked, lead, seed),
    )
    return {name: asked[name] for name in names}, labels, weights


def named_outputs(orders: tf.Tensor) -> dict[str, tf.Tensor]:
    """The export's outputs; see train."""
    return {"order_up_to_level": orders[:, :1], "largest_order": orders[:, 1:]}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line, see trainers.training_command.train_main."""
    train_main(__doc__ or "", ReplenishmentOptions, train, arguments)


if __name__ == "__main__":
    main()
