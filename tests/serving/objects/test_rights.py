"""Who may publish, who may follow, and by which way: keys, rights and certificates that a server judges."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import UserError
from serving.objects.pulling import pull
from serving.objects.store import ObjectStore
from tests.serving.objects.s3 import S3
from tests.serving.objects.test_publishing import published, pushed
from tests.serving.pairs import serving_pair
from tests.serving.service.certificates import Authority


def test_who_may_only_read_follows_and_publishes_nothing(
    tmp_path: Path, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = s3.options()
    pushed(tmp_path, "a")
    published(tmp_path, ObjectStore(options))
    for name, value in s3.reader_keys.items():
        monkeypatch.setenv(name, value)
    reader = ObjectStore(options)
    pull(tmp_path / "follower", reader)
    assert serving_pair(tmp_path / "follower") == "a"
    with pytest.raises(
        UserError, match=r"refuses what is asked \(AccessDenied\); give these keys the rights"
    ):
        published(tmp_path, reader)


@pytest.mark.nightly
def test_a_private_authority_is_named_and_another_one_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = Authority.made("ours")
    ours.issue(tmp_path / "tls.crt", tmp_path / "tls.key", "127.0.0.1")
    other = Authority.made("other").write(tmp_path / "other.pem")
    server = S3("--tls", str(tmp_path / "tls.crt"), str(tmp_path / "tls.key"))
    for name, value in server.keys.items():
        monkeypatch.setenv(name, value)
    try:
        options = server.options()
        for authority in (None, other):
            store = ObjectStore(options.model_copy(update={"certificate_authority": authority}))
            with pytest.raises(UserError, match="its certificate is not trusted"):
                store.read("current.json")
        trusted = options.model_copy(update={"certificate_authority": ours.write(tmp_path / "ca.pem")})
        assert ObjectStore(trusted).read("current.json") is None
    finally:
        server.kill()
