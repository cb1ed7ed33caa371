"""The trees' part in a training: grown before the network, weighed against it on eval, and grown anew for good."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf
from numpy.typing import NDArray

from contracts.models import DEMAND
from trainers.dataset import Parsed, batches
from trainers.demand_forecasting.labels import demand_of
from trainers.demand_forecasting.trees.blending import Blend, BlendedWithTrees, choose, trees_mean
from trainers.demand_forecasting.trees.forest import Forest
from trainers.demand_forecasting.trees.growing import Rows, grow
from trainers.demand_forecasting.trees.table import names, needed, rows
from trainers.options import DemandOptions
from trainers.task import Task
from trainers.transform_graph import TransformGraph, on_raw_windows

_BATCH = 2048
_IDS = frozenset({"category", "weekday", "day_of_month"})


class Trees:
    """Trees beside a network.

    What they are worth beside it is measured where neither has learned: trees of the split train, and the network as
    early stopping leaves it, on eval. Those that serve have learned from the newest windows as well, as the network has
    in its final passes.
    """

    def __init__(self, task: Task, graph: TransformGraph, options: DemandOptions) -> None:
        self._task, self._graph, self._options = task, graph, options
        self._learned = self._rows(task.train_files)
        self._blend: Blend | None = None

    def blend_with(self, network: keras.Model) -> None:
        """Chooses the weights, on eval, of a network before its final passes."""
        early = self._grown(self._learned)

        @tf.function(autograph=False, reduce_retracing=True)
        def forecasts(
            inputs: dict[str, tf.Tensor], table: tf.Tensor, scale: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor]:
            return network(inputs, training=False), trees_mean(early, table, scale, inputs["future_open"])

        names_of_inputs = list(network.input)

        def select(parsed: Parsed) -> tuple[Any, ...]:
            inputs = {name: parsed[name] for name in names_of_inputs}
            label, mask = demand_of(parsed, self._options.recovered)
            weight = mask * tf.pow(parsed["scale"], self._options.volume_power - 1.0)
            return inputs, rows(parsed, self._task.space), parsed["scale"], label, weight

        def found() -> Iterator[tuple[NDArray[Any], ...]]:
            for inputs, table, scale, label, weight in self._batches(self._task.eval_files, select):
                network_says, trees_say = forecasts(inputs, table, scale)
                yield network_says.numpy(), trees_say.numpy(), label.numpy(), weight.numpy()

        self._blend = choose(found(), self._options.quantiles)

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
        texts = {prefix + text.name for text in space.texts() for prefix in text.prefixes}
        for name, size in needed(space).items():
            kind = "int64" if name in _IDS | texts else "float32"
            inputs.setdefault(name, keras.Input((size,), dtype=kind, name=name))
        layer = BlendedWithTrees(
            forest, self._blend, space, self._options.quantiles, name="blended_with_trees"
        )
        read = {name: inputs[name] for name in needed(space)}
        return keras.Model(inputs, layer(network(network.input), read), name=DEMAND)

    def about(self) -> dict[str, object]:
        """For the model's card: how network and trees go together."""
        return {"trees": dataclasses.asdict(self._blend)} if self._blend else {}

    def _rows(self, files: Sequence[str]) -> Rows:
        def select(parsed: Parsed) -> tuple[tf.Tensor, ...]:
            return (
                rows(parsed, self._task.space),
                *demand_of(parsed, self._options.recovered),
                parsed["scale"],
            )

        found = self._batches(files, select)
        return Rows.of((tuple(part.numpy() for part in parts) for parts in found), self._options.seed)

    def _grown(self, learned: Rows) -> Forest:
        return grow(learned, *names(self._task.space), self._options)

    def _batches(self, files: Sequence[str], select: Any) -> tf.data.Dataset:
        spec, read = on_raw_windows(self._graph, self._task.space, select)
        return batches(files, spec, _BATCH, read)
