"""Takes out of a line what is nobody's business: passwords, tokens, and addresses of people."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "***"
_SENSITIVE = r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|authorization|private[_-]?key)"
_NAMED = re.compile(rf"[\w-]*{_SENSITIVE}[\w-]*", re.IGNORECASE)
_RULES = (
    # postgresql://role:password@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/]*@", re.IGNORECASE), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # password=..., "token": "...", as libpq, YAML and JSON write it
    (
        re.compile(
            rf"""\b([\w-]*{_SENSITIVE}[\w-]*["']?\s*[=:]\s*)(?:"[^"]*"|'[^']*'|[^\s"',;&]+)""",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"(?<![/\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), f"{HIDDEN}@{HIDDEN}"),
)


def redacted(text: str) -> str:
    """The text without secrets and e-mail addresses, and with nothing in it that UTF-8 does not have."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text.encode("utf-8", "replace").decode()


def redacted_field(name: str, value: Any) -> Any:
    """A figure of a line: hidden where its name says that it is a secret, its texts redacted."""
    if _NAMED.fullmatch(name):
        return HIDDEN
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, dict):
        return {key: redacted_field(str(key), found) for key, found in value.items()}
    if isinstance(value, (list, tuple)):
        return [redacted_field(name, found) for found in value]
    return value
