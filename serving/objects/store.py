"""Objects below one address of an S3-compatible store, and what is said when it cannot be used."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.durable import CHUNK
from contracts.errors import Failure, SystemFault, UserError
from serving.objects.options import StoreOptions

if TYPE_CHECKING:
    from obstore.store import S3Store

_CONNECT_SECONDS = 5
_RETRIES, _RETRY_SECONDS = 3, 30
_CODE, _STATUS = re.compile(r"<Code>(\w+)</Code>"), re.compile(r"status code: (\d{3})")
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_KEYS = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "TokenRefreshRequired",
}
"""Codes that speak of who asks, whatever their status."""
_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_KEYS_REMEDY = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run with a role; docs/object-store.md says where keys are "
    "looked for"
)


_METADATA = "169.254."
"""Where clouds give their machines and containers keys."""


@dataclass(frozen=True)
class Found:
    """An object's content, and the tag that says whether it is still the same."""

    content: bytes
    tag: str


@dataclass(frozen=True)
class Listed:
    """An object as a listing shows it: its key below the address, bytes, and when it was written."""

    key: str
    size: int
    modified: datetime


class ObjectStore:
    """What lies below an address. Every call raises what is wrong, in one line with what to do, and no key in it.

    UserError: it cannot be used as it is set, or refuses who asks. SystemFault: it is down, slow or at fault itself.
    """

    def __init__(self, options: StoreOptions) -> None:
        """Asks nothing yet.

        Args:
            options: with an address.

        Raises:
            UserError: the package for it is not installed, or a file that the options name is missing.
        """
        assert options.address is not None
        try:
            from obstore.store import S3Store
        except ImportError as error:
            raise UserError(
                "an object store wants the package obstore; call pip install 'retail-inventory[s3]'"
            ) from error
        self.address = options.address
        self._shown = f"{self.address}{f' at {options.endpoint}' if options.endpoint else ''}"
        bucket, _, prefix = options.address.removeprefix("s3://").partition("/")
        client: dict[str, Any] = {
            "connect_timeout": f"{_CONNECT_SECONDS}s",
            "timeout": f"{options.timeout:g}s",
        }
        settings: dict[str, Any] = {"checksum_algorithm": "SHA256"}
        if options.region is not None:
            settings["region"] = options.region
        if options.endpoint is not None:
            settings["endpoint"] = options.endpoint
            if options.endpoint.startswith("http://"):
                client["allow_http"] = True
        if options.certificate_authority is not None:
            client["root_certificate"] = _read_authority(options.certificate_authority)
        with self._telling():
            self._store: S3Store = S3Store(
                bucket,
                prefix=prefix,
                client_options=client,  # type: ignore[arg-type]
                retry_config={
                    "max_retries": _RETRIES,
                    "retry_timeout": timedelta(seconds=_RETRY_SECONDS),
                },
                **settings,
            )

    def __str__(self) -> str:
        return self._shown

    def read(self, key: str, known: str = "") -> Found | None:
        """An object's content; None where there is none.

        Args:
            known: tag of what was read before; the content is left empty where that is still the object's tag.
        """
        from obstore.exceptions import NotModifiedError

        with self._telling():
            try:
                found = self._store.get(key, options={"if_none_match": known} if known else {})
                return Found(bytes(found.bytes()), str(found.meta["e_tag"]))
            except NotModifiedError:
                return Found(b"", known)
            except FileNotFoundError as error:
                if _code(error) == "NoSuchBucket":
                    raise
                return None

    def create(self, key: str, content: bytes) -> bool:
        """Writes an object that is not there yet; says whether it did, since somebody may have been faster."""
        return self._put_if(key, content, "create")

    def replace(self, key: str, content: bytes, tag: str) -> bool:
        """Writes an object anew where it still has a tag; says whether it did."""
        return self._put_if(key, content, {"e_tag": tag})

    def _put_if(self, key: str, content: bytes, mode: Any) -> bool:
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._telling():
            try:
                self._store.put(key, content, mode=mode)
            except (AlreadyExistsError, PreconditionError):
                return False
            return True

    def write(self, key: str, content: bytes | Path) -> None:
        """Writes an object, whatever was there."""
        with self._telling():
            # In one request: of the parts of a killed upload nothing would be seen, and all be paid for.
            self._store.put(key, content, use_multipart=False)

    def chunks(self, key: str) -> Iterator[bytes]:
        """An object's content part by part.

        Raises:
            UserError: there is no such object, besides.
        """
        with self._telling():
            stream = iter(self._store.get(key).stream(min_chunk_size=CHUNK))
        while True:
            with self._telling():
                chunk = next(stream, None)
            if chunk is None:
                return
            yield bytes(chunk)

    def listed(self, below: str) -> list[Listed]:
        """All objects below a prefix."""
        with self._telling():
            return [
                Listed(str(found["path"]), int(found["size"]), found["last_modified"])
                for some in self._store.list(below)
                for found in some
            ]

    def remove(self, keys: Iterable[str]) -> None:
        """Removes objects; those that are gone are no matter."""
        if some := tuple(keys):
            with self._telling():
                self._store.delete(some)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> Failure:
        """What to raise; the library's own text shows requests and identities, and is not handed on."""
        text, code, status = str(error), _code(error), _status(error)
        if _METADATA in text:
            # Nothing of the environment was taken for keys, so the instance was asked, and had none.
            return UserError(f"{self}: no keys were found; {_KEYS_REMEDY}")
        if code == "NoSuchBucket":
            return UserError(f"{self}: there is no such bucket; make it, or name another one")
        if code in _KEYS or status == HTTPStatus.UNAUTHORIZED:
            return UserError(f"{self}: does not know who asks ({code or status}); {_KEYS_REMEDY}")
        if status == HTTPStatus.FORBIDDEN:
            return UserError(
                f"{self}: refuses what is asked ({code or status}); give these keys the rights that "
                "docs/object-store.md lists, or use others"
            )
        if code in _REGION:
            return UserError(f"{self}: is of another region ({code}); name the bucket's own")
        if status == HTTPStatus.NOT_IMPLEMENTED:
            return UserError(f"{self}: does not know conditional writes; use a store that does")
        if isinstance(error, FileNotFoundError):
            return UserError(f"{self}: lacks an object that it should have ({_missing(text)})")
        if status is not None:
            return SystemFault(
                f"{self}: failed ({status}{f' {code}' if code else ''}); see its log, try again"
            )
        if "certificate" in text.lower() or "UnknownIssuer" in text:
            return UserError(
                f"{self}: its certificate is not trusted; name who signed it with certificate_authority"
            )
        late = "timed out" in text.lower() or "timeout" in text.lower().replace("retry_timeout", "")
        return SystemFault(
            f"{self}: {'took too long' if late else 'does not answer'}; see whether it runs and is reached from here"
        )


def _read_authority(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, ValueError):
        raise UserError(f"{file}: cannot be read; see certificate_authority") from None


def _code(error: Exception) -> str:
    """S3's name of an error; empty where it gave none."""
    found = _CODE.search(str(error))
    return found[1] if found else ""


def _status(error: Exception) -> int | None:
    found = _STATUS.search(str(error))
    return int(found[1]) if found else None


def _missing(text: str) -> str:
    found = re.search(r"location (\S+) not found", text)
    return found[1] if found else "its name is not known"
