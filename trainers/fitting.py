"""The training loop of both models: reproducible, early stopping on eval, best weights kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from trainers.dataset import Parsed, batches
from trainers.options import TrainingOptions

EVAL_BATCH = 2048
AVERAGE_DECAY = 0.99
"""Of the running average of the weights, which is what is judged on eval and kept: it is steadier than they are."""

BATCHES_SHUFFLED = 4096


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


def fit(
    model: keras.Model,
    loss: keras.losses.Loss,
    train_files: Sequence[str],
    eval_files: Sequence[str],
    spec: Mapping[str, tf.io.FixedLenFeature],
    select: Callable[[Parsed], object],
    options: TrainingOptions,
    select_eval: Callable[[Parsed], object] | None = None,
) -> FitResult:
    """Train model in place.

    Args:
        model: its weights are changed.
        loss: of (labels, output), weighted by the third part of what select gives.
        train_files: TFRecord files of windows; eval_files the same, for early stopping.
        spec: how to parse them.
        select: parsed features to (inputs, labels, weights).
        options: how to train.
        select_eval: the same for eval, where it differs.

    Raises:
        ValueError: there are no training windows, or no eval windows.
    """
    training = batches(
        train_files,
        spec,
        options.batch_size,
        select,
        shuffle_buffer=options.shuffle_buffer,
        seed=options.seed,
        cache=options.cache,
    )
    evaluation = batches(eval_files, spec, EVAL_BATCH, select_eval or select, cache=True)
    return fit_datasets(model, loss, training, evaluation, options)


def fit_datasets(
    model: keras.Model,
    loss: keras.losses.Loss,
    training: tf.data.Dataset,
    evaluation: tf.data.Dataset,
    options: TrainingOptions,
) -> FitResult:
    """The same on datasets of (inputs, labels, weights)."""
    steps = sum(1 for _ in training)  # also fills the cache
    if steps == 0 or not any(True for _ in evaluation):
        raise ValueError("no windows to train on: the train or the eval split is empty")
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps * options.epochs, 0.05)
    averages = [tf.Variable(variable.value) for variable in model.trainable_variables]
    train_step, eval_step = _steps(model, loss, rate, averages, training.element_spec, options)
    train_losses: list[float] = []
    eval_losses: list[float] = []
    best = [variable.numpy() for variable in averages]
    for epoch in range(options.epochs):
        train_losses.append(_mean_loss(train_step, training))
        current = [variable.numpy() for variable in model.trainable_variables]
        _assign(model.trainable_variables, averages)
        eval_losses.append(_mean_loss(eval_step, evaluation))
        if eval_losses[-1] <= min(eval_losses):
            best = [variable.numpy() for variable in averages]
        elif epoch - int(np.argmin(eval_losses)) >= options.patience:
            break
        _assign(model.trainable_variables, current)
    _assign(model.trainable_variables, best)
    _assign(averages, best)
    if options.final_passes:
        _learn_from_the_newest(model, loss, training, evaluation, steps, averages, options)
    return FitResult(
        epochs=len(eval_losses),
        best_epoch=int(np.argmin(eval_losses)) + 1,
        train_loss=tuple(train_losses),
        eval_loss=tuple(eval_losses),
    )


def _learn_from_the_newest(
    model: keras.Model,
    loss: keras.losses.Loss,
    training: tf.data.Dataset,
    evaluation: tf.data.Dataset,
    steps: int,
    averages: Sequence[tf.Variable],
    options: TrainingOptions,
) -> None:
    """Goes on over the train and the eval windows together, and keeps the averaged weights.

    Early stopping needs the newest weeks held out, yet a forecast for the weeks after them needs them most:
    without these passes a model would always be one eval split behind.
    """
    newest = evaluation.unbatch().batch(options.batch_size).cache().repeat(options.newest_repeats)
    both = training.concatenate(newest).shuffle(BATCHES_SHUFFLED, seed=options.seed)
    rate = keras.optimizers.schedules.CosineDecay(
        options.learning_rate / 4, steps * options.final_passes, 0.05
    )
    train_step, _ = _steps(model, loss, rate, averages, training.element_spec, options)
    for _ in range(options.final_passes):
        _mean_loss(train_step, both)
    _assign(model.trainable_variables, averages)


Step = Callable[[object, tf.Tensor, tf.Tensor], tf.Tensor]


def _steps(
    model: keras.Model,
    loss: keras.losses.Loss,
    rate: keras.optimizers.schedules.LearningRateSchedule,
    averages: Sequence[tf.Variable],
    signature: object,
    options: TrainingOptions,
) -> tuple[Step, Step]:
    """One training step and one eval step, each returning summed weighted loss and summed weights.

    Plain graph functions: Keras' fit traces through AutoGraph, which costs more seconds here than the
    training itself. The signature leaves the batch size open, so the last, smaller batch is not traced again.
    """
    optimizer = keras.optimizers.AdamW(rate, weight_decay=options.weight_decay, clipnorm=1.0)
    optimizer.build(model.trainable_variables)

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
        step = tf.cast(optimizer.iterations, tf.float32)
        # Starts as the plain weights and slows down, so that early, poor ones are soon forgotten.
        decay = tf.minimum(AVERAGE_DECAY, (1.0 + step) / (10.0 + step))
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


def _mean_loss(step: Step, dataset: tf.data.Dataset) -> float:
    sums = [step(*parts) for parts in dataset]
    loss, weight = np.sum([part.numpy() for part in sums], axis=0, dtype=np.float64)
    return float(loss / weight) if weight > 0 else 0.0
