"""Tokens: made, kept as hashes, rotated, revoked; and what is no token."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.directory.layout import ServingError
from serving.service import token_file
from serving.service.tokens import SCOPES, Scope, digest_of, found, read_tokens
from tests.pipeline import warm

NOW = datetime(2026, 3, 7, 12, tzinfo=timezone.utc)


def made(file: Path, name: str = "till", scopes: tuple[Scope, ...] = ("predict",)) -> str:
    return token_file.create(file, name, scopes, "kim", NOW)[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def test_a_token_is_kept_as_its_hash_alone(file: Path) -> None:
    text = made(file)
    content = file.read_text()
    assert text not in content and text[4:] not in content
    (kept,) = read_tokens(file)
    assert kept.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (kept.name, kept.scopes, kept.created_by, kept.created_at) == ("till", ("predict",), "kim", NOW)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    # 256 bits, each time others.
    texts = {made(file, f"n{i}") for i in range(20)}
    assert len(texts) == 20 and all(len(text) == len("rit_") + 43 for text in texts)


def test_the_right_one_is_found_and_no_other(file: Path) -> None:
    texts = {name: made(file, name) for name in ("till", "shop", "prometheus")}
    tokens = read_tokens(file)
    for name, text in texts.items():
        token = found(tokens, digest_of(text.encode()))
        assert token is not None and token.name == name
        for wrong in (text[:-1], text + "x", text.swapcase(), token.sha256):
            assert found(tokens, digest_of(wrong.encode())) is None


def test_a_name_has_two_while_they_are_exchanged_and_no_more(file: Path) -> None:
    first, second = made(file), made(file)
    with pytest.raises(ServingError, match=r"till has 2 tokens already, .* revoke one of them first"):
        made(file)
    numbers = [token.number for token in read_tokens(file)]
    with pytest.raises(ServingError, match="say which with --id"):
        token_file.revoke(file, "till")
    token_file.revoke(file, "till", numbers[0])
    assert [token.sha256 for token in read_tokens(file)] == [digest_of(second.encode())] != [first]
    third = made(file)
    assert len(token_file.revoke(file, "till", every=True)) == 2 and third
    assert read_tokens(file) == ()
    with pytest.raises(ServingError, match="has no token till; there are: none"):
        token_file.revoke(file, "till")


def test_a_token_is_over_from_its_moment_on_and_makes_room(file: Path) -> None:
    end = NOW + timedelta(days=30)
    text, kept, gone = token_file.create(file, "till", ["predict"], "kim", NOW, end)
    made(file), made(file, "shop")
    assert (kept.expires_at, gone, read_tokens(file)[0]) == (end, (), kept)
    # The same moment, said in another zone.
    elsewhere = timezone(timedelta(hours=9))
    for at, over in ((end - timedelta(microseconds=1), False), (end, True), (end + timedelta(days=1), True)):
        assert kept.is_over(at) is kept.is_over(at.astimezone(elsewhere)) is over
    assert not any(token.is_over(end) for token in read_tokens(file)[1:])
    before = end - timedelta(days=1)
    with pytest.raises(ServingError, match="till has 2 tokens already"):
        token_file.create(file, "till", ["predict"], "kim", before)
    *_, gone = token_file.create(file, "till", ["predict"], "kim", end)
    assert gone == (kept,) and [token.name for token in read_tokens(file)] == ["till", "shop", "till"]
    assert found(read_tokens(file), digest_of(text.encode())) is None


def test_a_token_that_would_never_count_is_not_made(file: Path) -> None:
    for end in (NOW, NOW - timedelta(days=1)):
        with pytest.raises(ServingError, match=f"expires on {end:%Y-%m-%d} 12:00 UTC would never count"):
            token_file.create(file, "till", ["predict"], "kim", NOW, end)
    assert not file.exists()


def test_a_release_that_knows_no_expiry_reads_a_file_without_one(file: Path) -> None:
    made(file)
    assert set(json.loads(file.read_text())["tokens"][0]) == {
        "name", "scopes", "sha256", "created_at", "created_by",
    }  # fmt: skip
    content = json.loads(file.read_text())
    content["tokens"][0]["expires_at"] = "2026-12-31T00:00:00"
    file.write_text(json.dumps(content))
    with pytest.raises(ServingError, match=r"tokens\.0\.expires_at: Input should have timezone info"):
        read_tokens(file)


def test_many_at_once_lose_none(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda i: made(file, f"n{i}"), range(40)))
    assert {token.sha256 for token in read_tokens(file)} == {digest_of(text.encode()) for text in texts}


def test_rights_of_the_file_stay_as_they_were(file: Path) -> None:
    made(file)
    file.chmod(0o640)
    owner = (65534, 65534) if os.geteuid() == 0 else (os.getuid(), os.getgid())
    os.chown(file, *owner)
    made(file, "shop")
    found = file.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o640, *owner)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("short\n", "at least 16 characters, 8 of them different"),
        ("passwordpassword", "8 of them different"),
        ("a" * 64, "8 of them different"),
        ("two words of enough letters", "one word"),
        ("", "one word"),
        ("ä" * 20, "plain ASCII"),
        ("{", "is no file of tokens"),
        ('{"tokens": [{}]}', "tokens.0.name: Field required"),
        ('{"tokens": [], "more": 1}', "more: Extra inputs"),
    ],
)
def test_what_is_no_token_is_refused_without_showing_it(file: Path, text: str, message: str) -> None:
    file.write_text(text)
    with pytest.raises(ServingError, match=message) as caught:
        read_tokens(file)
    assert str(file) in str(caught.value) and "\n" not in str(caught.value)
    assert text.strip() == "" or text.strip() not in str(caught.value)


def test_a_damaged_file_of_hashes_is_named_with_the_place(file: Path) -> None:
    made(file)
    made(file, "shop", SCOPES)
    content = json.loads(file.read_text())
    first, second = content["tokens"]
    for tokens, message in (
        ([first, first], "a token stands there twice"),
        (
            [first, {**second, "scopes": ["admin"]}],
            r"tokens\.1\.scopes\.0: Input should be 'predict' or 'metrics'",
        ),
        ([{**first, "sha256": "abc"}], r"tokens\.0\.sha256"),
        ([{**first, "sha256": f"{i:064x}"} for i in range(3)], "till has 3 tokens; 2 at most"),
    ):
        file.write_text(json.dumps({"tokens": tokens}))
        with pytest.raises(ServingError, match=message):
            read_tokens(file)


def test_a_plain_token_may_do_everything_and_is_not_changed(file: Path) -> None:
    file.write_text("a-token-of-enough-letters\n")
    (plain,) = read_tokens(file)
    assert plain.scopes == SCOPES and plain.sha256 == digest_of(b"a-token-of-enough-letters")
    with pytest.raises(ServingError, match="one token in plain text, which has no name; give a new file"):
        made(file)
    assert file.read_text() == "a-token-of-enough-letters\n"


def test_names_and_scopes_are_checked(file: Path) -> None:
    for name, scopes in (("", ("predict",)), ("two words", ("predict",)), ("till", ("admin",)), ("till", ())):
        with pytest.raises(ValidationError):
            made(file, name, scopes)  # type: ignore[arg-type]
    assert not file.exists()


def test_the_commands_print_a_token_once_and_never_again(file: Path) -> None:
    named = ["--file", str(file)]
    done = warm.command(
        ["token", "create", *named, "--name", "till", "--scope", "predict", "--scope", "metrics"]
    )
    assert done.returncode == 0
    text = done.stdout.strip()
    assert text.startswith("rit_") and text not in done.stderr and "shown this once" in done.stderr
    (kept,) = read_tokens(file)
    shown = warm.command(["token", "list", *named]).stdout
    assert f"till  {kept.number}  predict, metrics" in shown and text not in shown
    (listed,) = json.loads(warm.command(["token", "list", *named, "--json"]).stdout)
    assert (listed["name"], listed["id"], "sha256" in listed) == ("till", kept.number, False)
    assert (listed["expires_at"], listed["over"]) == (None, False)
    lasting = warm.command(
        ["token", "create", *named, "--name", "web", "--scope", "predict", "--expires", "2999-01-31"]
    )
    assert lasting.returncode == 0 and ", until 2999-01-31 00:00 UTC; it is shown this once" in lasting.stderr
    content = json.loads(file.read_text())
    content["tokens"][-1]["expires_at"] = "2026-01-31T00:00:00Z"
    file.write_text(json.dumps(content))
    shown = warm.command(["token", "list", *named]).stdout
    assert "2026-01-31 00:00 UTC, is over" in shown and shown.count("revoked") == 1
    listed = json.loads(warm.command(["token", "list", *named, "--json"]).stdout)[1]
    assert (listed["name"], listed["expires_at"], listed["over"]) == ("web", "2026-01-31T00:00:00Z", True)
    again = warm.command(["token", "create", *named, "--name", "web", "--scope", "predict"])
    assert f"{listed['id']} of web was over, and was taken out" in again.stderr
    warm.command(["token", "revoke", *named, "--name", "web"])
    gone = warm.command(["token", "revoke", *named, "--name", "till"])
    assert (gone.returncode, gone.stdout) == (0, f"revoked {kept.number} of till\n")
    for extra, message in (
        (["--name", "till", "--scope", "admin"], "--scope admin: Input should be 'predict' or 'metrics'"),
        (["--name", "a b", "--scope", "predict"], "--name a b: String should match"),
        (
            ["--name", "a", "--scope", "predict", "--expires", "2026-01-31"],
            "2026-01-31 00:00 UTC would never count",
        ),
        (["--name", "a", "--scope", "predict", "--expires", "soon"], "--expires"),
    ):
        refused = warm.command(["token", "create", *named, *extra])
        assert refused.returncode == 2 and message in refused.stderr and "Traceback" not in refused.stderr
    nowhere = warm.command(["token", "list", "--file", str(file.parent / "none")])
    assert nowhere.returncode == 2 and "cannot be read as tokens" in nowhere.stderr
    nowhere = warm.command(
        ["token", "create", "--file", str(file.parent / "no" / "t"), "--name", "a", "--scope", "predict"]
    )
    assert nowhere.returncode == 2 and "cannot be written (No such file or directory)" in nowhere.stderr
