"""A request's body as bytes, whatever coding it came in; never more of it than the service takes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from serving.service.arrays import BadRequest

MAX_BODY = 64 * 2**20


async def read_body(request: Request) -> bytes:
    """The body as it was sent.

    Raises:
        HTTPException: 400, the caller hung up; 413, it is larger than ``MAX_BODY``.
    """
    parts, size = [], 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > MAX_BODY:
                break
    except ClientDisconnect as error:
        raise HTTPException(400, "the caller hung up before the body's end") from error
    if size > MAX_BODY:
        raise _too_large()
    return b"".join(parts)


def decoded(body: bytes, header: str) -> bytes:
    """A body without its codings.

    Args:
        body: as it was sent.
        header: the request's Content-Encoding; empty where it has none.

    Raises:
        HTTPException: 413, it is larger than ``MAX_BODY``; 415, a coding is none of gzip, deflate and identity.
        BadRequest: it is not what its coding says.
    """
    codings = [name.strip().lower() for name in header.split(",") if name.strip()]
    unknown = [name for name in codings if name not in _DECODERS]
    if unknown:
        raise HTTPException(
            415, f"the body's Content-Encoding {unknown[0]!r} is not understood; send gzip, deflate or none"
        )
    # The last one was applied last (RFC 9110, section 8.4).
    for name in reversed(codings):
        try:
            body = _DECODERS[name](body)
        except zlib.error as error:
            raise BadRequest(f"the body is not {name}, as its Content-Encoding says: {error}") from error
    return body


def _gunzip(body: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
            return _within(file.read(MAX_BODY + 1))
    except (OSError, EOFError) as error:
        raise zlib.error(str(error)) from error


def _deflated(body: bytes) -> bytes:
    # By the standard within zlib's frame (RFC 9110, section 8.4.1.2); some callers leave it out.
    try:
        return _inflated(body, zlib.MAX_WBITS)
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS)


def _inflated(body: bytes, bits: int) -> bytes:
    stream = zlib.decompressobj(bits)
    found = _within(stream.decompress(body, MAX_BODY + 1))
    if not stream.eof or stream.unused_data:
        raise zlib.error("it ends elsewhere than it says")
    return found


def _within(found: bytes) -> bytes:
    if len(found) > MAX_BODY:
        raise _too_large()
    return found


def _too_large() -> HTTPException:
    return HTTPException(413, f"the body is larger than {MAX_BODY // 2**20} MiB; send fewer rows at once")


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflated,
    "identity": bytes,
}
