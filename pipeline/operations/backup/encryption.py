"""Back-ups for the eyes of few: age, as pyrage has it, between two streams, so that nothing lies open on a disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from contracts.errors import UserError, cannot

MAGIC = b"age-encryption.org/"
_SSH = "ssh-"
_KEY_LINE = "AGE-SECRET-KEY-"


@contextmanager
def encrypted(out: BinaryIO, recipients: Sequence[str]) -> Iterator[BinaryIO]:
    """What is written into the block's stream goes to ``out``, encrypted for all recipients; open where there are none.

    Raises:
        UserError: a recipient is no public key.
        OSError: ``out`` cannot be written.
    """
    if not recipients:
        yield out
        return
    import pyrage

    keys = [_recipient(pyrage, text) for text in recipients]
    noting = _Noting(out)
    with _beside(lambda source: pyrage.encrypt_io(source, noting, keys), noting) as stream:
        yield stream


@contextmanager
def decrypted(source: BinaryIO, identity: Path | None, name: str) -> Iterator[BinaryIO]:
    """The content of a back-up, whether it is encrypted or not.

    Args:
        source: at its beginning.
        identity: file with secret keys, of age or of SSH.
        name: of the back-up, for messages.

    Raises:
        UserError: it is encrypted, and there is no identity that it is for, or it was damaged.
    """
    encrypted_too = source.read(len(MAGIC)) == MAGIC
    source.seek(0)
    if not encrypted_too:
        yield source
        return
    if identity is None:
        raise UserError(f"{name}: is encrypted; give the file with the secret key to --identity")
    import pyrage

    keys = _identities(pyrage, identity)
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as pool, open(reading, "rb") as stream:  # noqa: PTH123  (a pipe has no path)

        def decrypt() -> None:
            with open(writing, "wb") as target:  # noqa: PTH123
                pyrage.decrypt_io(source, target, keys)

        done = pool.submit(decrypt)
        try:
            yield stream
        finally:
            stream.close()
            error = done.exception()
            # That nobody reads on is no fault of the file's.
            if isinstance(error, pyrage.DecryptError):
                raise UserError(f"{name}: {identity} holds no key that it is encrypted for") from error
            if error is not None and not isinstance(error, BrokenPipeError):
                raise UserError(f"{name}: was damaged or cut off ({error}); take another back-up") from error


class _Noting:
    """A file that remembers why it could not be written, which the other side of the encryption does not tell."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.error: OSError | None = None

    def write(self, block: bytes) -> int:
        try:
            return self._out.write(block)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        self._out.flush()


@contextmanager
def _beside(work: Callable[[BinaryIO], Any], noting: _Noting) -> Iterator[BinaryIO]:
    """A stream that a thread reads; what the thread raises counts more than that nobody reads any longer."""
    reading, writing = os.pipe()

    def run() -> None:
        with open(reading, "rb") as source:  # noqa: PTH123
            work(source)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        try:
            with open(writing, "wb") as stream:  # noqa: PTH123
                yield stream
        except BrokenPipeError:
            done.exception()
            if noting.error is None:
                raise
        finally:
            failed = done.exception()
        if noting.error is not None:
            raise noting.error
        if failed is not None:
            raise failed


def _recipient(pyrage: Any, text: str) -> Any:
    kind = pyrage.ssh if text.startswith(_SSH) else pyrage.x25519
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UserError(f"backup.recipients: {text[:24]}... is no public key ({error})") from error


def _identities(pyrage: Any, file: Path) -> list[Any]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise cannot(
            error, f"{file}: cannot be read", "give an existing file to --identity", UserError
        ) from error
    try:
        if b"PRIVATE KEY" in content:
            return [pyrage.ssh.Identity.from_buffer(content)]
        lines = [line.strip() for line in content.decode().splitlines()]
        keys = [pyrage.x25519.Identity.from_str(line) for line in lines if line.startswith(_KEY_LINE)]
    except (pyrage.IdentityError, UnicodeDecodeError):
        keys = []
    if not keys:
        # What the parser says may show the key.
        raise UserError(f"{file}: holds no secret key of age or SSH; 'age-keygen' writes such a file")
    return keys
