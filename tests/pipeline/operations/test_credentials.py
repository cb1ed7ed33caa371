"""Certificates and tokens that are about to end, or are over."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from contracts.errors import UserError
from pipeline.operations import doctor
from pipeline.operations.credentials import check_tokens
from serving.service import token_file
from tests.serving.service.certificates import DAY, Authority

MADE = datetime(2026, 3, 7, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("days", "state", "advice"),
    [(30, "ok", ""), (10, "warn", "Renew it"), (-1, "fail", "It is over: renew it")],
)
def test_the_certificate_is_watched(tmp_path: Path, days: int, state: str, advice: str) -> None:
    certificate = tmp_path / "tls.crt"
    authority = Authority.made("authority")
    authority.issue(certificate, tmp_path / "tls.key", "service.example", begins=-9 * DAY, ends=days * DAY)
    (check,) = (check for check in doctor.checks(tmp_path, certificate) if check.name == "Certificate")
    assert check.state == state and check.advice.startswith(advice)
    assert f"counts until {datetime.now(timezone.utc) + days * DAY:%Y-%m-%d}" in check.found


@pytest.mark.parametrize("name", ["none", "folder", "text"])
def test_what_is_no_certificate_is_wrong_usage(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no certificate")
    with pytest.raises(UserError, match=name):
        doctor.checks(tmp_path, tmp_path / name)


def issued(file: Path, name: str, days: float | None) -> None:
    """A token that counts for so many days after it was made; None: until it is revoked."""
    end = None if days is None else MADE + timedelta(days=days)
    token_file.create(file, name, ["predict"], "kim", MADE, end)


@pytest.mark.parametrize(
    ("days", "state", "found"),
    [
        ({"till": [None], "shop": [None]}, "ok", "2 callers"),
        ({"till": [None], "shop": [40]}, "ok", "2 callers, the first of them until 2026-04-16 12:00 UTC"),
        ({"till": [None], "shop": [30]}, "warn", "shop until 2026-04-06 12:00 UTC"),
        (
            {"till": [None], "shop": [3], "web": [2]},
            "warn",
            "shop is over since 2026-03-10 12:00 UTC, web is over",
        ),
        # Exchanged: the other one counts.
        ({"till": [3, None]}, "ok", "1 callers"),
        ({"till": [None, 3]}, "ok", "1 callers"),
        ({"till": [3, 21]}, "warn", "till until 2026-03-28 12:00 UTC"),
        ({"till": [3, 20]}, "fail", "till is over since 2026-03-27 12:00 UTC"),
        ({"till": [3], "shop": [19.99]}, "fail", "shop is over since 2026-03-27 11:45 UTC, till is over"),
    ],
)
def test_each_caller_has_a_token_that_counts(
    tmp_path: Path, days: dict[str, list[float | None]], state: str, found: str
) -> None:
    """Looked at twenty days after they were made."""
    file = tmp_path / "tokens.json"
    for name, ends in days.items():
        for end in ends:
            issued(file, name, end)
    check = check_tokens(file, MADE + timedelta(days=20))
    assert (check.state, bool(check.advice)) == (state, state != "ok")
    assert check.found.startswith(f"{file}: {found}")


def test_a_token_that_counts_until_it_is_revoked_is_well_and_none_is_not(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    file.write_text("a-token-of-enough-letters\n")
    (check,) = (check for check in doctor.checks(tmp_path, tokens=file) if check.name == "Tokens")
    assert check.state == "ok"
    file.write_text('{"tokens": []}')
    assert check_tokens(file, MADE).state == "fail"
    with pytest.raises(UserError, match="cannot be read as a token"):
        doctor.checks(tmp_path, tokens=tmp_path / "none")
