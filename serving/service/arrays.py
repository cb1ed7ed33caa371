"""Values of a request to the arrays that a model takes, each of the right kind and within its bounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Arrays, Flags, Texts
from transforms.features import Feature, FeatureSpace

_SHOWN = 60


class BadRequest(Exception):
    """The caller asked what cannot be answered; says what is wrong, where, and what to send instead."""


DTYPES: Mapping[str, Any] = {"float": np.float32, "int": np.int64, "string": object}
_TYPES: Mapping[str, set[type]] = {"float": {int, float}, "int": {int}, "string": {str}}
_WORDS = {"float": "numbers", "int": "whole numbers", "string": "texts"}


def array_of(feature: Feature, values: list[Any]) -> NDArray[Any]:
    """[N, size] of a feature's values, each a list, or a scalar where the size is 1."""
    if feature.size == 1:
        values = [value if isinstance(value, list) else [value] for value in values]
    for i, value in enumerate(values):
        if not isinstance(value, list) or len(value) != feature.size:
            had = f"{len(value)} values" if isinstance(value, list) else kind_of(value)
            raise BadRequest(
                f"row {i}, {feature.name}: has {had}; send a list of {feature.size} {_WORDS[feature.dtype]}"
            )
    if not set(map(type, chain.from_iterable(values))) <= _TYPES[feature.dtype]:
        i, wrong = next(
            (i, x) for i, value in enumerate(values) for x in value if type(x) not in _TYPES[feature.dtype]
        )
        raise BadRequest(
            f"row {i}, {feature.name}: {shown(wrong)} is {kind_of(wrong)}; send {_WORDS[feature.dtype]}"
        )
    if feature.dtype == "string":
        return _texts(feature, values)
    try:
        with np.errstate(over="ignore"):
            return np.array(values, np.int64 if feature.dtype == "int" else np.float64).astype(
                DTYPES[feature.dtype]
            )
    except OverflowError as error:
        raise BadRequest(f"{feature.name}: a number is too large") from error


def _texts(feature: Feature, values: list[list[str]]) -> Texts:
    try:
        flat = [text.encode() for value in values for text in value]
    except UnicodeEncodeError as error:
        raise BadRequest(f"{feature.name}: a text is no Unicode ({error.reason})") from error
    return np.array(flat, object).reshape(len(values), feature.size)


def check_values(feature: Feature, array: NDArray[Any]) -> None:
    """A value must mean something: be a number where one is needed, and lie within the feature's bounds."""
    if feature.dtype == "string":
        return
    if feature.dtype == "float":
        wrong = (
            ~np.isfinite(array) if feature.default is None or feature.role == "static" else np.isinf(array)
        )
        _complain(feature, array, wrong, "a finite number")
    if feature.lowest is not None:
        _complain(feature, array, array < feature.lowest, f"{feature.lowest:g} or more")
    if feature.highest is not None:
        _complain(feature, array, array > feature.highest, f"{feature.highest:g} or less")


def _complain(feature: Feature, array: NDArray[Any], wrong: Flags, wanted: str) -> None:
    if wrong.any():
        i, j = (int(x[0]) for x in np.nonzero(wrong))
        element = f", value {j}" if feature.size > 1 else ""
        raise BadRequest(f"row {i}, {feature.name}{element}: is {array[i, j]:g}; it must be {wanted}")


def check_interval(arrays: Arrays, space: FeatureSpace) -> None:
    """Levels are asked for a time that the model has learned, and something must cost something."""
    lead, review = arrays["lead_time"][:, 0], arrays["review_period"][:, 0]
    # Not their sum, which may overflow.
    beyond = (lead > space.horizon) | (review > space.horizon - np.minimum(lead, space.horizon))
    if beyond.any():
        i = int(np.flatnonzero(beyond)[0])
        raise BadRequest(
            f"row {i}: lead_time {lead[i]} + review_period {review[i]} is beyond the horizon of {space.horizon} "
            "periods, which is as far as the model has learned; order such products by another rule"
        )
    free = (arrays["holding_cost"] + arrays["shortage_cost"])[:, 0] <= 0
    if free.any():
        raise BadRequest(
            f"row {int(np.flatnonzero(free)[0])}: holding_cost and shortage_cost are both 0; one must cost"
        )


def kind_of(value: Any) -> str:
    """What a value of JSON is, in words."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    if isinstance(value, list) and not value:
        return "an empty list"
    return names.get(type(value), "a number")


def shown(value: Any) -> str:
    """A value of JSON, cut where it is long."""
    text = json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
