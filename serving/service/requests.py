"""What callers ask, in TensorFlow Serving's REST form, checked; and what they are answered."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import tensorflow as tf

from contracts.arrays import Arrays
from serving.examples import EXAMPLES, RAW_TENSORS, SERIALIZED, tensors_of
from serving.service.arrays import (
    DTYPES,
    BadRequest,
    array_of,
    check_interval,
    check_values,
    kind_of,
    shown,
)
from transforms.features import Feature, FeatureSpace

MAX_ROWS = 4096
ROWS, COLUMNS = "instances", "inputs"
_LONGEST_REASON = 200
_UNPARSABLE = (tf.errors.InvalidArgumentError, UnicodeDecodeError)
"""TensorFlow quotes the bytes in its message, which may be no text."""


@dataclass(frozen=True)
class Request:
    """A checked request.

    Attributes:
        signature: SERIALIZED or RAW_TENSORS.
        inputs: of the signature, by name.
        by_row: whether the answer is asked for row by row, or column by column.
        rows: how many windows.
    """

    signature: str
    inputs: Mapping[str, tf.Tensor]
    by_row: bool
    rows: int


def parse(body: bytes, space: FeatureSpace, needs_interval: bool) -> Request:
    """Reads and checks a request.

    Args:
        body: JSON; NaN and Infinity may stand in it as bare words, as TensorFlow Serving takes them.
        space: of the model.
        needs_interval: whether the protection interval must lie within the horizon.

    Raises:
        BadRequest: it cannot be answered.
    """
    content = _json(body)
    if not isinstance(content, dict):
        raise BadRequest(f"the body is {kind_of(content)}; send an object with '{ROWS}' or '{COLUMNS}'")
    unknown = sorted(set(content) - {"signature_name", ROWS, COLUMNS})
    if unknown:
        raise BadRequest(
            f"unknown key {shown(unknown[0])}; the keys are 'signature_name', '{ROWS}' and '{COLUMNS}'"
        )
    signature = content.get("signature_name", SERIALIZED)
    if signature not in (SERIALIZED, RAW_TENSORS):
        raise BadRequest(
            f"unknown signature {shown(signature)}; there are '{SERIALIZED}' and '{RAW_TENSORS}'"
        )
    if (ROWS in content) == (COLUMNS in content):
        raise BadRequest(f"send either '{ROWS}' (row by row) or '{COLUMNS}' (column by column)")
    by_row = ROWS in content
    given = content[ROWS if by_row else COLUMNS]
    read = _serialized if signature == SERIALIZED else _tensors
    inputs, arrays = read(given, by_row, space)
    count = len(arrays["origin"])
    for feature in space.model_inputs():
        check_values(feature, arrays[feature.name])
    if needs_interval:
        check_interval(arrays, space)
    return Request(signature, inputs, by_row, count)


def answer(outputs: Arrays, by_row: bool) -> bytes:
    """The body of an answer: ``predictions`` row by row, or ``outputs``; a sole output goes without its name."""
    content: Any
    whole = {name: np.ascontiguousarray(values) for name, values in outputs.items()}
    if len(whole) == 1:
        content = next(iter(whole.values()))
    elif by_row:
        count = len(next(iter(whole.values())))
        content = [{name: values[i] for name, values in whole.items()} for i in range(count)]
    else:
        content = whole
    return orjson.dumps({"predictions" if by_row else "outputs": content}, option=orjson.OPT_SERIALIZE_NUMPY)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        # Slower, but it knows NaN.
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is no JSON: {error}") from error


def _serialized(given: Any, by_row: bool, space: FeatureSpace) -> tuple[dict[str, tf.Tensor], Arrays]:
    if not by_row and isinstance(given, dict) and set(given) == {EXAMPLES}:
        given = given[EXAMPLES]
    rows = _rows(given, ROWS if by_row else COLUMNS)
    examples = [_example(row, i) for i, row in enumerate(rows)]
    features = space.model_inputs()
    try:
        parsed = tensors_of(examples, features)
    except _UNPARSABLE as error:
        raise BadRequest(_why_unparsable(examples, features, error)) from error
    return {EXAMPLES: tf.constant(examples)}, {name: tensor.numpy() for name, tensor in parsed.items()}


def _example(row: Any, i: int) -> bytes:
    if isinstance(row, dict) and set(row) == {EXAMPLES}:
        row = row[EXAMPLES]
    if not (isinstance(row, dict) and set(row) == {"b64"} and isinstance(row["b64"], str)):
        raise BadRequest(
            f'row {i}: is {kind_of(row)}; send {{"b64": "..."}} with a serialized tf.Example, or features by name with '
            f"signature_name '{RAW_TENSORS}'"
        )
    try:
        return base64.b64decode(row["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(f"row {i}: its 'b64' is no base64 ({error})") from error


def _why_unparsable(examples: Sequence[bytes], features: Sequence[Feature], error: Exception) -> str:
    for i, example in enumerate(examples):
        try:
            tensors_of([example], features)
        except _UNPARSABLE as own:
            return f"row {i}: is no tf.Example of this model: {_reason(own)}"
    return f"the examples cannot be read: {_reason(error)}"


def _reason(error: Exception) -> str:
    text = str(getattr(error, "message", error)).split("} ", 1)[-1].split(" [Op:")[0]
    if "Could not parse example input" in text or isinstance(error, UnicodeDecodeError):
        # What follows is the bytes themselves.
        return "its bytes are something else"
    return " ".join(text.split())[:_LONGEST_REASON]


def _tensors(given: Any, by_row: bool, space: FeatureSpace) -> tuple[dict[str, tf.Tensor], Arrays]:
    features = space.model_inputs()
    columns = _by_row(given, features) if by_row else _by_column(given, features)
    count = len(next(iter(columns.values())))
    arrays = {}
    for feature in features:
        if feature.name in columns:
            arrays[feature.name] = array_of(feature, columns[feature.name])
        else:
            arrays[feature.name] = np.full((count, feature.size), feature.default, DTYPES[feature.dtype])
    return {name: tf.constant(array) for name, array in arrays.items()}, arrays


def _by_row(given: Any, features: Sequence[Feature]) -> dict[str, list[Any]]:
    rows = _rows(given, ROWS)
    for i, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadRequest(f"row {i}: is {kind_of(row)}; send an object with the features by name")
    for i, row in enumerate(rows):
        if row.keys() != rows[0].keys():
            name = min(row.keys() ^ rows[0].keys())
            raise BadRequest(
                f"row {i}: has other features than row 0, such as {shown(name)}; send the same in each"
            )
    _check_names(rows[0], features)
    return {name: [row[name] for row in rows] for name in rows[0]}


def _by_column(given: Any, features: Sequence[Feature]) -> dict[str, list[Any]]:
    if not isinstance(given, dict):
        raise BadRequest(
            f"'{COLUMNS}' is {kind_of(given)}; send an object with a list of rows for each feature"
        )
    _check_names(given, features)
    columns = {name: _rows(values, name) for name, values in given.items()}
    first = next(iter(columns))
    for name, values in columns.items():
        if len(values) != len(columns[first]):
            raise BadRequest(
                f"{name}: has {len(values)} rows, {first} has {len(columns[first])}; send as many of each"
            )
    return columns


def _rows(given: Any, name: str) -> list[Any]:
    if not isinstance(given, list) or not given:
        raise BadRequest(f"'{name}' is {kind_of(given)}; send a list of at least one row")
    if len(given) > MAX_ROWS:
        raise BadRequest(f"'{name}' has {len(given)} rows; send at most {MAX_ROWS} at once")
    return given


def _check_names(given: Mapping[str, Any], features: Sequence[Feature]) -> None:
    known = {feature.name for feature in features}
    unknown = sorted(set(given) - known)
    if unknown:
        raise BadRequest(
            f"unknown feature {shown(unknown[0])}; the model's features are {', '.join(sorted(known))}"
        )
    missing = [f.name for f in features if f.default is None and f.name not in given]
    if missing:
        raise BadRequest(f"feature '{missing[0]}' is missing; it has no default")
