"""The trees' part in a training: grown before the network, weighed against it on eval, and grown anew for good."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import keras
import tensorflow as tf
from numpy.typing import NDArray

from contracts.models import DEMAND
from trainers.dataset import Parsed, records
from trainers.demand_forecasting.labels import demand_of, loss_weights
from trainers.demand_forecasting.trees.blending import Blend, BlendedWithTrees, choose, trees_mean
from trainers.demand_forecasting.trees.forest import Forest
from trainers.demand_forecasting.trees.growing import FEWEST_TREES, Rows, grow
from trainers.demand_forecasting.trees.table import names, needed, rows
from trainers.encoder import model_inputs
from trainers.options import DemandOptions
from trainers.task import Task
from trainers.transform_graph import TransformGraph, on_raw_windows

LOG = logging.getLogger(__name__)
_BATCH = 2048
Read = tuple[dict[str, tf.Tensor], tf.Tensor, tf.Tensor, tf.Tensor]


class Trees:
    """Trees beside a network.

    How many there are, and what they are worth beside it, is measured where neither has learned: trees of the split
    train, and the network as early stopping leaves it, on eval. Those that serve have learned from the newest windows
    as well, as the network has in its final passes.
    """

    def __init__(self, task: Task, graph: TransformGraph, options: DemandOptions) -> None:
        self._task, self._options = task, options
        self._read = _reader(task, graph, options.recovered)
        self._learned = self._rows(task.train_files)
        self._blend: Blend | None = None
        self._trees = options.trees

    def blend_with(self, network: keras.Model) -> None:
        """Chooses the weights, on eval, of a network before its final passes."""
        early = self._grown(self._learned, self._rows(self._task.eval_files))
        # Where nothing was sold in the split train, one tree says so; the newest windows may know more.
        self._trees = max(early.trees, min(FEWEST_TREES, self._options.trees))

        @tf.function(autograph=False, reduce_retracing=True)
        def forecasts(inputs: dict[str, tf.Tensor], table: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            trees = trees_mean(early, table, inputs["scale"], inputs["future_open"])
            return network(inputs, training=False), trees

        def found() -> Iterator[tuple[NDArray[Any], ...]]:
            for inputs, table, label, mask in self._batches(self._task.eval_files):
                network_says, trees_say = forecasts(inputs, table)
                weight = loss_weights(mask, inputs["scale"], self._options.volume_power)
                yield network_says.numpy(), trees_say.numpy(), label.numpy(), weight.numpy()

        self._blend = choose(found(), self._options.quantiles)
        LOG.info("trees weighed", extra={"blend": dataclasses.asdict(self._blend)})

    def beside(self, network: keras.Model) -> keras.Model:
        """The network with the trees that serve beside it: transformed features in, quantiles [N, H, Q] out.

        Raises:
            ValueError: the weights were not chosen.
        """
        if self._blend is None:
            raise ValueError("blend_with comes first")
        space = self._task.space
        newest = self._rows(self._task.refit_files or self._task.eval_files)
        forest = self._grown(self._learned + newest)
        inputs = dict(network.input)
        for name, size in needed(space).items():
            # The network reads every other whole number too.
            kind = "int64" if name == "day_of_month" else "float32"
            inputs.setdefault(name, keras.Input((size,), dtype=kind, name=name))
        layer = BlendedWithTrees(
            forest, self._blend, space, self._options.quantiles, name="blended_with_trees"
        )
        read = {name: inputs[name] for name in needed(space)}
        return keras.Model(inputs, layer(network(network.input), read), name=DEMAND)

    def about(self) -> dict[str, object]:
        """For the model's card: how network and trees go together."""
        return {"trees": {**dataclasses.asdict(self._blend), "count": self._trees}} if self._blend else {}

    def _rows(self, files: Sequence[str]) -> Rows:
        found = (
            (table.numpy(), label.numpy(), mask.numpy(), inputs["scale"].numpy())
            for inputs, table, label, mask in self._batches(files)
        )
        return Rows.of(found, self._options.seed)

    def _grown(self, learned: Rows, judged: Rows | None = None) -> Forest:
        options = self._options.model_copy(update={"trees": self._trees})
        return grow(learned, *names(self._task.space), options, judged)

    def _batches(self, files: Sequence[str]) -> Iterator[Read]:
        return map(self._read, records(files).batch(_BATCH).prefetch(2))


def _reader(task: Task, graph: TransformGraph, recovered: bool) -> Callable[[tf.Tensor], Read]:
    """Serialized windows to what the network reads of them, rows [N, H, C], labels and masks [N, H].

    One function for all splits: tracing it takes longer than reading a small one.
    """
    of_network = tuple(model_inputs(task.space))

    def select(parsed: Parsed) -> Read:
        inputs = {name: parsed[name] for name in of_network}
        return inputs, rows(parsed, task.space), *demand_of(parsed, recovered)

    spec, read = on_raw_windows(graph, task.space, select)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])
    def reader(serialized: tf.Tensor) -> Read:
        return cast(Read, read(tf.io.parse_example(serialized, spec)))

    return cast(Callable[[tf.Tensor], Read], reader)
