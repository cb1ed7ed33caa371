"""The training loop of both models: reproducible, early stopping on eval, best weights kept."""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from trainers.dataset import BATCHES_SHUFFLED, Parsed, batches, more_than, shuffled
from trainers.options import TrainingOptions
from trainers.task import Task

LOG = logging.getLogger(__name__)
EVAL_BATCH = 2048
AVERAGE_DECAY = 0.99
"""Of the running average of the weights, which is what is judged on eval and kept: it is steadier than they are."""


@dataclass(frozen=True)
class FitResult:
    """What a training did.

    Attributes:
        epochs: passes made.
        best_epoch: pass whose weights were kept, counted from 1.
        train_loss: loss of each pass.
        eval_loss: eval loss after each pass.
    """

    epochs: int
    best_epoch: int
    train_loss: tuple[float, ...]
    eval_loss: tuple[float, ...]


def make_reproducible(seed: int) -> None:
    """Make weights follow from seed and data alone (on one kind of machine)."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
    # Handing parts of so small an operation to other threads takes longer than the operation. TensorFlow refuses the
    # setting once it has started, as in a caller that has used it before; nothing depends on it but time.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(1)


def fit(
    model: keras.Model,
    loss: keras.losses.Loss,
    task: Task,
    spec: Mapping[str, tf.io.FixedLenFeature],
    select: Callable[[Parsed], object],
    options: TrainingOptions,
    select_eval: Callable[[Parsed], object] | None = None,
    together: int = 1,
    settled: Callable[[keras.Model], None] | None = None,
) -> FitResult:
    """Train model in place.

    Args:
        model: its weights are changed.
        loss: of (labels, output), weighted by the third part of what select gives.
        task: its files of windows; of eval for early stopping, of refit for the final passes.
        spec: how to parse them.
        select: parsed features to (inputs, labels, weights).
        options: how to train.
        select_eval: the same for eval, where it differs.
        together: neighbours in the files that stay together in a batch.
        settled: is called once early stopping has chosen the weights, before the final passes.

    Raises:
        ValueError: there are no training windows, or no eval windows.
    """
    refit_files = task.refit_files or task.eval_files
    with _kept(task, refit_files, options) as kept:
        training, refit = (
            batches(
                files,
                spec,
                options.batch_size,
                select,
                shuffle_buffer=options.shuffle_buffer,
                seed=options.seed,
                cache=place if options.cache else None,
                together=together,
            )
            for place, files in ((kept.train, task.train_files), (kept.refit, refit_files))
        )
        judged = batches(task.eval_files, spec, EVAL_BATCH, select_eval or select, cache=kept.evaluation)
        return fit_datasets(model, loss, training, judged, refit, options, settled, shuffled(kept.train))


class _Kept(NamedTuple):
    """Where the windows of each split are once they are read: empty for memory, or the path of a file."""

    train: str = ""
    refit: str = ""
    evaluation: str = ""


@contextlib.contextmanager
def _kept(task: Task, refit_files: Sequence[str], options: TrainingOptions) -> Iterator[_Kept]:
    if not more_than(options.cached_windows, [*task.train_files, *refit_files, *task.eval_files]):
        yield _Kept()
        return
    beside = os.path.dirname(os.path.abspath(task.directory))
    os.makedirs(beside, exist_ok=True)
    LOG.info("windows are kept in files", extra={"more_than": options.cached_windows, "folder": beside})
    with tempfile.TemporaryDirectory(prefix=".windows-", dir=beside) as folder:
        yield _Kept(*(os.path.join(folder, name) for name in _Kept._fields))


def fit_datasets(
    model: keras.Model,
    loss: keras.losses.Loss,
    training: tf.data.Dataset,
    evaluation: tf.data.Dataset,
    refit: tf.data.Dataset,
    options: TrainingOptions,
    settled: Callable[[keras.Model], None] | None = None,
    batches_shuffled: int = BATCHES_SHUFFLED,
) -> FitResult:
    """The same on datasets of (inputs, labels, weights); ``batches_shuffled``: drawn from at random in final passes."""
    # To their ends, which also fills the caches.
    steps, to_judge = (sum(1 for _ in dataset) for dataset in (training, evaluation))
    if steps == 0 or to_judge == 0:
        raise ValueError("no windows to train on: the train or the eval split is empty")
    averages = [tf.Variable(variable.value) for variable in model.trainable_variables]
    optimizer = keras.optimizers.AdamW(options.learning_rate, weight_decay=options.weight_decay, clipnorm=1.0)
    optimizer.build(model.trainable_variables)
    averaged = tf.Variable(0.0)
    train_step, eval_step = _steps(model, loss, optimizer, averages, averaged, training.element_spec)
    rates = _falling(options.learning_rate, steps * options.epochs)
    train_losses: list[float] = []
    eval_losses: list[float] = []
    best = [variable.numpy() for variable in averages]
    LOG.info("training begins", extra={"steps": steps, "epochs": options.epochs})
    for epoch in range(options.epochs):
        train_losses.append(_train(train_step, training, optimizer, rates))
        current = [variable.numpy() for variable in model.trainable_variables]
        _assign(model.trainable_variables, averages)
        eval_losses.append(_mean_loss(eval_step, evaluation))
        losses = {"train_loss": train_losses[-1], "eval_loss": eval_losses[-1]}
        LOG.info("epoch", extra={"epoch": epoch + 1, **losses})
        if eval_losses[-1] <= min(eval_losses):
            best = [variable.numpy() for variable in averages]
        elif epoch - int(np.argmin(eval_losses)) >= options.patience:
            break
        _assign(model.trainable_variables, current)
    _assign(model.trainable_variables, best)
    _assign(averages, best)
    if settled is not None:
        settled(model)
    if options.final_passes:
        # Early stopping needs the newest weeks held out, yet a forecast for the weeks after them needs them most:
        # without these passes a model would always be one eval split behind.
        repeated = refit.repeat(options.newest_repeats)
        both = training.concatenate(repeated).shuffle(batches_shuffled, seed=options.seed)
        averaged.assign(0.0)
        rates = _falling(options.learning_rate / 4, steps * options.final_passes)
        for number in range(options.final_passes):
            loss_of_pass = _train(train_step, both, optimizer, rates)
            LOG.info("final pass", extra={"number": number + 1, "train_loss": loss_of_pass})
        _assign(model.trainable_variables, averages)
    best_epoch = int(np.argmin(eval_losses)) + 1
    LOG.info("weights kept", extra={"best_epoch": best_epoch, "eval_loss": min(eval_losses)})
    return FitResult(
        epochs=len(eval_losses),
        best_epoch=best_epoch,
        train_loss=tuple(train_losses),
        eval_loss=tuple(eval_losses),
    )


Step = Callable[[object, tf.Tensor, tf.Tensor], tf.Tensor]


def _steps(
    model: keras.Model,
    loss: keras.losses.Loss,
    optimizer: keras.optimizers.Optimizer,
    averages: Sequence[tf.Variable],
    averaged: tf.Variable,
    signature: object,
) -> tuple[Step, Step]:
    """One training step and one eval step, each returning summed weighted loss and summed weights.

    Plain graph functions: Keras' fit traces through AutoGraph, which costs more seconds here than the
    training itself. The signature leaves the batch size open, so the last, smaller batch is not traced again.
    """

    def forward(inputs: object, labels: tf.Tensor, weights: tf.Tensor, training: bool) -> tf.Tensor:
        elements = loss.call(labels, model(inputs, training=training))
        return tf.stack([tf.reduce_sum(elements * weights), tf.reduce_sum(weights)])

    @tf.function(autograph=False, input_signature=signature)
    def train_step(inputs: object, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            sums = forward(inputs, labels, weights, training=True)
            mean = tf.math.divide_no_nan(sums[0], sums[1])
        gradients = tape.gradient(mean, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        # Starts as the plain weights and slows down, so that early, poor ones are soon forgotten.
        decay = tf.minimum(AVERAGE_DECAY, (1.0 + averaged) / (10.0 + averaged))
        averaged.assign_add(1.0)
        for average, variable in zip(averages, model.trainable_variables, strict=True):
            average.assign(decay * average + (1.0 - decay) * variable.value)
        return sums

    @tf.function(autograph=False, input_signature=signature)
    def eval_step(inputs: object, labels: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return forward(inputs, labels, weights, training=False)

    return train_step, eval_step


def _assign(variables: Sequence[keras.Variable | tf.Variable], values: Sequence[object]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _falling(rate: float, steps: int) -> Iterator[float]:
    """Learning rates along a half cosine, from ``rate`` to a twentieth of it, which then stays."""
    for step in itertools.count():
        done = min(step / steps, 1.0)
        yield rate * (0.05 + 0.95 * 0.5 * (1.0 + math.cos(math.pi * done)))


def _train(
    step: Step, dataset: tf.data.Dataset, optimizer: keras.optimizers.Optimizer, rates: Iterator[float]
) -> float:
    """One pass; the rate is a variable of the graph, so that another schedule is no other graph."""

    def at_rate(*parts: tf.Tensor) -> tf.Tensor:
        optimizer.learning_rate.assign(next(rates))
        return step(*parts)

    return _mean_loss(at_rate, dataset)


def _mean_loss(step: Step, dataset: tf.data.Dataset) -> float:
    sums = [step(*parts) for parts in dataset]
    loss, weight = np.sum([part.numpy() for part in sums], axis=0, dtype=np.float64)
    return float(loss / weight) if weight > 0 else 0.0
