"""A real S3-compatible server on loopback, started and failed by tests."""

from __future__ import annotations

import json
import secrets
import subprocess
from pathlib import Path
from typing import Literal

import httpx

from serving.objects.options import PublicationOptions
from serving.objects.store import ObjectStore
from tests.places import ROOT

PYTHON = ROOT / ".venv-objects" / "bin" / "python"
BUCKET = "shop"
REASON = "no S3-compatible server: 'make test' installs one in .venv-objects"


class S3:
    """moto's server: a process of its own."""

    def __init__(self, *options: str) -> None:
        """Args: options: of s3_server.py."""
        self.process = subprocess.Popen(
            [str(PYTHON), str(Path(__file__).with_name("s3_server.py")), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        self.address: str = said["address"]
        self.keys = {
            "AWS_ACCESS_KEY_ID": said.get("key", "anybody"),
            "AWS_SECRET_ACCESS_KEY": said.get("secret", "anything"),
        }
        self.reader_keys = {
            name: said.get(f"reader_{key}", "")
            for name, key in (("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"))
        }
        if "key" not in said:
            httpx.put(f"{self.address}/{BUCKET}", verify=False).raise_for_status()

    def options(self, bucket: str = BUCKET) -> PublicationOptions:
        """Of an address that nobody else uses."""
        return PublicationOptions(
            address=f"s3://{bucket}/{secrets.token_hex(4)}/pairs", endpoint=self.address
        )

    def store(self) -> ObjectStore:
        """The same, as a store."""
        return ObjectStore(self.options())

    def fail(self, after: int, how: Literal["hang up", "unavailable", "lose the answer", "none"]) -> None:
        """Has every request fail once so many were answered, or be done and not answered; ``none``: no more."""
        httpx.get(f"{self.address}/-/", params={"after": after, "how": how}).raise_for_status()

    def seen(self) -> list[str]:
        """Method and path of each request since it was last asked."""
        return [str(line) for line in httpx.get(f"{self.address}/-/").json()]

    def kill(self) -> None:
        """Ends it; all it held is gone."""
        self.process.kill()
        self.process.wait()
