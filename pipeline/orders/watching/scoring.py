"""The newest periods of a folder of data, beside what the demand watch expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from components.policy_comparison.predicting import ASKED_AT_ONCE, AskRaw
from components.windowing.cutting import Shard, Windows
from components.windowing.following import Lent
from components.windowing.options import WindowOptions
from contracts.arrays import Arrays, Flags
from contracts.rows import read_flat
from inventory.detection.calibration import Calibration
from inventory.detection.watching import Span
from serving.examples import KINDS
from serving.promotions import promoted_periods, without_promotions
from trainers.demand_watch.outputs import OUTPUTS, calibration_of, demand_of
from transforms.features import FeatureSpace
from transforms.preprocessing import ENTITIES

_PLAIN = "plain_"


def scored_span(
    shards: Sequence[str], space: FeatureSpace, options: WindowOptions, ask: AskRaw, lent: Lent | None = None
) -> tuple[Span, Calibration] | None:
    """The newest ``space.horizon`` periods, forecast from what was known before them; None: no series has so many.

    One origin for all of them: what is unlike expectation has not become part of it.

    Args:
        shards: flat shards of rows.
        space: the features that the model reads.
        options: as it was trained with.
        ask: the model.
        lent: what products are lent by those that they follow; None: nothing.
    """
    last = max(int(pc.max(read_flat(path)["date"]).as_py()) for path in shards)
    origin = last - space.horizon * space.period_days
    parts = [
        part for path in shards for part in _of_shard(read_flat(path), origin, space, options, ask, lent)
    ]
    if not parts:
        return None
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    known = joined["label_known"] > 0
    span = Span(
        store=_texts(joined["store_id"]),
        product=_texts(joined["product_id"]),
        category=_texts(joined["category"]),
        dates=origin + space.period_days * np.arange(1, space.horizon + 1),
        demand=demand_of(joined),
        plain=demand_of({name: joined[_PLAIN + name] for name in OUTPUTS}),
        promoted=joined["promoted"],
        units=joined["label_units"].astype(np.float64),
        judged=known & (joined["label_observed"] > 0),
        known=known,
    )
    return span, calibration_of(joined)


def _of_shard(
    rows: pa.Table,
    origin: int,
    space: FeatureSpace,
    options: WindowOptions,
    ask: AskRaw,
    lent: Lent | None,
) -> Iterator[Arrays]:
    wanted = {feature.name: KINDS[feature.dtype] for feature in space.model_inputs()}
    kept = (*ENTITIES, "label_units", "label_observed", "label_known")
    for windows in Shard(rows, space, options, lent).labelled(np.array([origin])):
        inputs = {name: windows[name] for name in wanted}
        promoted = _promoted(inputs)
        answers = _answers(inputs, wanted, ask)
        plain = {name: values.copy() for name, values in answers.items()}
        if (on := promoted.any(axis=1)).any():
            asked = {name: values[on] for name, values in inputs.items()}
            for name, values in _answers(without_promotions(asked, promoted[on]), wanted, ask).items():
                plain[name][on] = values
        yield {
            **{name: windows[name] for name in kept},
            "promoted": promoted,
            **answers,
            **{_PLAIN + name: values for name, values in plain.items()},
        }


def _promoted(inputs: Windows) -> Flags:
    planned = promoted_periods(inputs)
    return np.zeros(inputs["future_open"].shape, bool) if planned is None else planned


def _answers(
    windows: Mapping[str, NDArray[Any]], wanted: Mapping[str, tf.DType], ask: AskRaw
) -> dict[str, NDArray[Any]]:
    count = len(windows["origin"])
    parts = []
    for begin in range(0, count, ASKED_AT_ONCE):
        part = slice(begin, begin + ASKED_AT_ONCE)
        tensors = {name: tf.constant(windows[name][part], dtype) for name, dtype in wanted.items()}
        parts.append({name: value.numpy() for name, value in ask(tensors).items() if name in OUTPUTS})
    return {name: np.concatenate([part[name] for part in parts]) for name in OUTPUTS}


def _texts(values: NDArray[Any]) -> NDArray[np.object_]:
    return np.array([value.decode("utf-8") for value in values[:, 0]], object)
