"""Bodies in the codings that clients use, broken ones, and ones that would fill the memory."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from contracts.models import MODELS
from serving.service import bodies
from serving.service.arrays import BadRequest
from serving.service.bodies import decoded

PREDICT = f"/v1/models/{MODELS[0]}:predict"


def raw(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


def two_members(body: bytes) -> bytes:
    return gzip.compress(body[:5]) + gzip.compress(body[5:])


CODED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("GZIP", lambda body: gzip.compress(body, 1)),
    ("x-gzip", two_members),
    ("gzip", lambda body: gzip.compress(body) + bytes(512)),
    ("deflate", zlib.compress),
    ("deflate", raw),
    ("identity", bytes),
    ("", bytes),
    ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    ("identity , gzip", gzip.compress),
]


@pytest.mark.parametrize(("header", "code"), CODED)
@given(body=st.binary(max_size=2000))
def test_what_was_coded_is_read_back(header: str, code: Any, body: bytes) -> None:
    assert decoded(code(body), header) == body


@given(
    body=st.binary(min_size=1, max_size=200),
    offset=st.integers(0),
    header=st.sampled_from(["gzip", "deflate"]),
)
def test_what_ends_early_or_is_no_such_coding_is_told(body: bytes, offset: int, header: str) -> None:
    whole = gzip.compress(body) if header == "gzip" else zlib.compress(body)
    for broken in (whole[: 1 + offset % (len(whole) - 1)], b"{}" + whole):
        with pytest.raises(BadRequest, match=header):
            decoded(broken, header)


@pytest.mark.parametrize("header", ["br", "zstd", "compress", "gzip, br", "x"])
def test_another_coding_is_415(header: str) -> None:
    with pytest.raises(HTTPException) as found:
        decoded(b"{}", header)
    assert found.value.status_code == 415 and "gzip" in found.value.detail


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("gzip", gzip.compress),
        ("gzip", lambda body: gzip.compress(body[:800_000]) + gzip.compress(body[800_000:])),
        ("deflate", zlib.compress),
        ("gzip, gzip", lambda body: gzip.compress(gzip.compress(body))),
    ],
)
def test_a_bomb_goes_off_outside(monkeypatch: pytest.MonkeyPatch, header: str, code: Any) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY", 2**20)
    assert len(decoded(code(bytes(2**20)), header)) == 2**20
    with pytest.raises(HTTPException) as found:
        decoded(code(bytes(2**20 + 1)), header)
    assert found.value.status_code == 413


def test_the_service_answers_a_compressed_body_as_it_does_a_plain_one(
    client: TestClient, instances: list[dict[str, Any]]
) -> None:
    asked = json.dumps({"signature_name": "raw_tensors", "instances": instances[:2]}).encode()
    plain = client.post(PREDICT, content=asked)
    assert plain.status_code == 200
    for header, code in CODED:
        response = client.post(
            PREDICT, content=code(asked), headers={"Content-Encoding": header} if header else None
        )
        assert (response.status_code, response.content) == (200, plain.content)
    for header, content, status in (
        ("gzip", asked, 400),
        ("gzip", gzip.compress(asked)[:-9], 400),
        ("br", asked, 415),
        ("gzip", gzip.compress(bytes(bodies.MAX_BODY + 1)), 413),
    ):
        response = client.post(PREDICT, content=content, headers={"Content-Encoding": header})
        assert response.status_code == status and set(response.json()) == {"error"}
