"""A thousand ways to ask wrongly, each answered with a reason; and the right ways, with the trainer's own figures."""

from __future__ import annotations

import base64
import copy
import json
import logging
from logging.handlers import BufferingHandler
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from contracts.models import MODELS
from serving.acceptance import read_acceptance
from serving.directory.layout import model_folder, stable_version
from serving.directory.loading import LoadedPair
from serving.examples import EXAMPLES, RAW_TENSORS, SERIALIZED
from serving.service.arrays import BadRequest
from serving.service.requests import MAX_ROWS, parse
from transforms.features import Feature

DEMAND, REPLENISHMENT = MODELS
NAN, INFINITY = float("nan"), float("inf")
Json = Any


def ask(client: TestClient, model: str, content: Json, place: str = "") -> Any:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.post(f"/v1/models/{model}{place}:predict", content=body)


def encoded(examples: list[bytes]) -> list[dict[str, str]]:
    return [{"b64": base64.b64encode(example).decode()} for example in examples]


@pytest.mark.parametrize("model", MODELS)
def test_all_forms_of_a_request_get_the_trainers_own_answers(
    client: TestClient, pushed: Any, model: str, examples: list[bytes], instances: list[Json]
) -> None:
    _, answers = read_acceptance(str(model_folder(pushed, stable_version(pushed), model)))
    columns = {name: [row[name] for row in instances] for name in instances[0]}
    by_row = [
        {"instances": encoded(examples)},
        {"instances": [{EXAMPLES: one} for one in encoded(examples)], "signature_name": SERIALIZED},
        {"instances": instances, "signature_name": RAW_TENSORS},
    ]
    by_column = [
        {"inputs": encoded(examples)},
        {"inputs": {EXAMPLES: encoded(examples)}},
        {"inputs": columns, "signature_name": RAW_TENSORS},
    ]
    for content, key in [*((c, "predictions") for c in by_row), *((c, "outputs") for c in by_column)]:
        reply = ask(client, model, content)
        assert reply.status_code == 200, reply.text
        found = reply.json()[key]
        if len(answers) == 1:
            found = dict.fromkeys(answers, found)
        elif key == "predictions":
            found = {name: [row[name] for row in found] for name in answers}
        assert set(found) == set(answers)
        for name, answer in answers.items():
            np.testing.assert_allclose(found[name], answer, rtol=1e-4, atol=1e-5)


def test_what_has_a_default_may_be_left_out(
    client: TestClient, pair: LoadedPair, instances: list[Json]
) -> None:
    features = pair.models[DEMAND].space.model_inputs()
    required = {f.name for f in features if f.default is None}
    assert required == {"origin", "history_units", "history_present", "history_in_stock"}
    few = {name: values for name, values in instances[0].items() if name in required}
    whole = {f.name: [f.default] * f.size for f in features if f.default is not None} | few
    replies = [
        ask(client, DEMAND, {"instances": [row], "signature_name": RAW_TENSORS}).json()
        for row in (few, whole)
    ]
    assert replies[0] == replies[1] and "predictions" in replies[0]


def test_a_scalar_will_do_for_a_list_of_one(client: TestClient, instances: list[Json]) -> None:
    flat = {name: v[0] if len(v) == 1 else v for name, v in instances[0].items()}
    replies = [
        ask(client, DEMAND, {"instances": [row], "signature_name": RAW_TENSORS}).json()
        for row in (flat, instances[0])
    ]
    assert replies[0] == replies[1]


def test_words_are_told_where_they_are_wrong(pair: LoadedPair, instances: list[Json]) -> None:
    space = pair.models[DEMAND].space
    row = instances[0]
    cases: list[tuple[Json, str]] = [
        (
            {**row, "history_units": [*row["history_units"][:-1], -1.0]},
            f"row 0, history_units, value {space.history - 1}: is -1; it must be 0 or more",
        ),
        ({**row, "history_units": [*row["history_units"][:-1], NAN]}, "is nan; it must be a finite number"),
        ({**row, "history_in_stock": [1.5] * space.history}, "value 0: is 1.5; it must be 1 or less"),
        ({**row, "lead_time": ["two"]}, 'row 0, lead_time: "two" is a text; send whole numbers'),
        ({**row, "lead_time": [True]}, "lead_time: true is true or false; send whole numbers"),
        ({**row, "store_id": [None]}, "store_id: null is null; send texts"),
        ({**row, "history_units": [1.0]}, f"has 1 values; send a list of {space.history} numbers"),
        ({**row, "origin": [20250101]}, "origin: is 2.02501e+07; it must be 84000 or less"),
        ({**row, "history_unit": [1.0]}, 'unknown feature "history_unit"; the model\'s features are category'),
        ({k: v for k, v in row.items() if k != "origin"}, "feature 'origin' is missing; it has no default"),
    ]  # fmt: skip
    for wrong, message in cases:
        with pytest.raises(BadRequest) as found:
            parse(json.dumps({"signature_name": RAW_TENSORS, "instances": [wrong]}).encode(), space, False)
        assert message in str(found.value)
    long = {**row, "lead_time": [space.horizon]}
    content = json.dumps({"signature_name": RAW_TENSORS, "instances": [row, long]}).encode()
    parse(content, space, False)
    with pytest.raises(BadRequest, match=f"row 1: lead_time {space.horizon} .* is beyond the horizon"):
        parse(content, space, True)
    free = {**row, "holding_cost": [0], "shortage_cost": [0]}
    with pytest.raises(BadRequest, match="row 0: holding_cost and shortage_cost are both 0"):
        parse(json.dumps({"signature_name": RAW_TENSORS, "instances": [free]}).encode(), space, True)
    many = json.dumps({"instances": [{"b64": ""}] * (MAX_ROWS + 1)}).encode()
    with pytest.raises(BadRequest, match=f"{MAX_ROWS + 1} rows; send at most {MAX_ROWS}"):
        parse(many, space, False)


OTHERS = {
    "float": st.sampled_from(["1", "", None, True, {}, [1.0], {"b64": "AA=="}]),
    "int": st.sampled_from(["1", None, False, 1.5, [1], {}, 10**30, -(10**30)]),
    "string": st.sampled_from([1, 1.5, None, True, ["a"], {}, "\ud800"]),
}


def _ways(feature: Feature) -> list[str]:
    """In which a feature's values can be wrong."""
    ways = ["type", "size", "kind"]
    ways += ["low"] if feature.lowest is not None else []
    ways += ["high"] if feature.highest is not None else []
    if feature.dtype == "float":
        needed = feature.default is None or feature.role == "static"
        ways += ["infinite", "nan"] if needed else ["infinite"]
    return ways


def _beyond(feature: Feature, way: str) -> st.SearchStrategy[float]:
    """Values outside of a feature's bounds."""
    whole = feature.dtype == "int"
    if way == "low":
        lowest = feature.lowest or 0.0
        return st.integers(-(2**62), int(lowest) - 1) if whole else st.floats(-1e30, lowest - 1e-3)
    highest = feature.highest or 0.0
    return st.integers(int(highest) + 1, 2**62) if whole else st.floats(highest + 1e-3, 1e30)


@st.composite
def wrong_values(draw: Any, space: Any, row: dict[str, list[Json]]) -> dict[str, Json]:
    """A row of which one feature is not as it is declared."""
    feature = draw(st.sampled_from(space.model_inputs()))
    values = list(row[feature.name])
    way = draw(st.sampled_from(_ways(feature)))
    if way == "size":
        size = draw(st.integers(0, 2 * feature.size + 2).filter(lambda n: n != feature.size))
        return {**row, feature.name: (values * 3)[:size]}
    if way == "kind":
        kinds: list[Json] = [None, {}, True] + ([1.0] if feature.size > 1 else [])
        return {**row, feature.name: draw(st.sampled_from(kinds))}
    wrong = {
        "low": _beyond(feature, "low"),
        "high": _beyond(feature, "high"),
        "infinite": st.sampled_from([INFINITY, -INFINITY, 1e300, -1e300]),
        "nan": st.just(NAN),
        "type": OTHERS[feature.dtype],
    }
    values[draw(st.integers(0, feature.size - 1))] = draw(wrong[way])
    return {**row, feature.name: values}


@st.composite
def wrong_examples(draw: Any, space: Any, example: bytes) -> Json:
    """A serialized window that is none of this model's."""
    way = draw(st.sampled_from(["bytes", "base64", "size", "kind", "missing", "form"]))
    if way == "form":
        return draw(
            st.sampled_from([None, 1, "text", [], {}, {"b64": 1}, {"b64": None}, {"b64": "AA==", "x": 1}])
        )
    if way == "base64":
        return {"b64": draw(st.sampled_from(["A", "===", "ä", "AA=A", "\ud800", " "]))}
    if way == "bytes":
        # A tag of wire type 7 is in no message.
        return {"b64": base64.b64encode(b"\x0f" + draw(st.binary(max_size=20))).decode()}
    features = [f for f in space.model_inputs() if way != "missing" or f.default is None]
    feature = draw(st.sampled_from(features))
    parsed = tf.train.Example.FromString(example)
    had = parsed.features.feature[feature.name]
    if way == "missing":
        del parsed.features.feature[feature.name]
    elif way == "size":
        kind = had.WhichOneof("kind")
        values = getattr(had, kind).value
        values.append(values[0])
    elif feature.dtype == "string":
        had.float_list.value[:] = [1.0] * feature.size
    else:
        had.bytes_list.value[:] = [b"1"] * feature.size
    return encoded([parsed.SerializeToString()])[0]


@st.composite
def wrong_bodies(draw: Any, good: bytes, row: dict[str, Json]) -> bytes:
    """What is no request at all."""
    way = draw(st.sampled_from(["cut", "bytes", "json", "keys", "rows"]))
    if way == "cut":
        return good[: draw(st.integers(0, len(good) - 1))]
    if way == "bytes":
        return b"\xff" + draw(st.binary(max_size=30))
    if way == "json":
        return json.dumps(draw(st.sampled_from([None, 1, "x", [], True, 1.5, [[]]]))).encode()
    if way == "keys":
        content = json.loads(good)
        key = draw(st.text(max_size=10).filter(lambda t: t not in ("signature_name", "instances", "inputs")))
        choice = draw(st.sampled_from(["unknown", "both", "none", "signature"]))
        if choice == "unknown":
            content[key] = 1
        elif choice == "both":
            content["inputs"] = content["instances"]
        elif choice == "none":
            del content["instances"]
        else:
            content["signature_name"] = draw(st.one_of(st.just(key), st.sampled_from([None, 1, [], {}])))
        return json.dumps(content).encode()
    rows: Json = draw(
        st.sampled_from(
            [[], None, {}, 1, "x", [None], [1], [[]], [row, {}], [row, 1], [{}], ["[" * 100], True]
        )
    )
    return json.dumps(
        {"signature_name": RAW_TENSORS, draw(st.sampled_from(["instances", "inputs"])): rows}
    ).encode()


@given(data=st.data())
@settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_thousand_bad_requests_are_each_refused_with_a_reason(
    client: TestClient, pair: LoadedPair, instances: list[Json], examples: list[bytes], data: Any
) -> None:
    model = data.draw(st.sampled_from(MODELS))
    space = pair.models[model].space
    good: dict[str, Json] = {"signature_name": RAW_TENSORS, "instances": copy.deepcopy(instances[:2])}
    way = data.draw(st.sampled_from(["values", "examples", "body"]))
    body: bytes
    if way == "body":
        body = data.draw(wrong_bodies(json.dumps(good).encode(), instances[0]))
    elif way == "examples":
        wrong = data.draw(wrong_examples(space, examples[0]))
        body = json.dumps({"instances": [*encoded(examples[:1]), wrong]}).encode()
    else:
        good["instances"][data.draw(st.integers(0, 1))] = data.draw(wrong_values(space, instances[0]))
        body = json.dumps(good).encode()
    handler = BufferingHandler(capacity=1000)
    logging.getLogger().addHandler(handler)
    try:
        reply = ask(client, model, body)
    finally:
        logging.getLogger().removeHandler(handler)
    assert reply.status_code == 400, (reply.status_code, reply.text, body[:300])
    said = reply.json()
    assert set(said) == {"error"} and len(said["error"]) > 10
    assert "Traceback" not in said["error"] and "\n" not in said["error"]
    assert not [record for record in handler.buffer if record.levelno >= logging.WARNING]
    assert client.get("/readyz").status_code == 200
