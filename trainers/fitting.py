"""The training loop of both models: reproducible, early stopping on eval, best weights kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import tensorflow as tf

from trainers.dataset import Parsed, batches
from trainers.options import TrainingOptions

EVAL_BATCH = 2048
STEPS_PER_CALL = 16


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
) -> FitResult:
    """Train model in place.

    Args:
        model: its weights are changed.
        loss: of (labels, output), weighted by the third part of what select gives.
        train_files: TFRecord files of windows; eval_files the same, for early stopping.
        spec: how to parse them.
        select: parsed features to (inputs, labels, weights).
        options: how to train.

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
    evaluation = batches(eval_files, spec, EVAL_BATCH, select, cache=True)
    steps = sum(1 for _ in training)  # also fills the cache
    if steps == 0 or not any(True for _ in evaluation):
        raise ValueError("no windows to train on: the train or the eval split is empty")
    training = training.apply(tf.data.experimental.assert_cardinality(steps))
    rate = keras.optimizers.schedules.CosineDecay(options.learning_rate, steps * options.epochs, 0.1)
    model.compile(
        optimizer=keras.optimizers.AdamW(rate, weight_decay=options.weight_decay, clipnorm=1.0),
        loss=loss,
        steps_per_execution=min(steps, STEPS_PER_CALL),
        jit_compile=False,  # compiling costs more seconds than it saves on networks of this size
    )
    stopping = keras.callbacks.EarlyStopping(patience=options.patience, restore_best_weights=True)
    history = model.fit(
        training, epochs=options.epochs, validation_data=evaluation, verbose=0, callbacks=[stopping]
    ).history
    return FitResult(
        epochs=len(history["loss"]),
        best_epoch=stopping.best_epoch + 1,
        train_loss=tuple(history["loss"]),
        eval_loss=tuple(history["val_loss"]),
    )
