"""Whole runs that publish, that cannot, and that do not any more."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from serving.directory.layout import read_state
from serving.objects.store import ObjectStore
from tests.pipeline.small import CONFIG, Small
from tests.places import ROOT
from tests.serving.objects.s3 import S3
from tests.serving.objects.test_publishing import pointer, whole

pytestmark = [pytest.mark.slow, pytest.mark.nightly]


def run(small: Small) -> str:
    """What a run said that ended well."""
    done = subprocess.run(small.command(), capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_run_publishes_and_waits_for_no_store(tmp_path: Path, s3: S3) -> None:
    small, options = Small(tmp_path), s3.options()
    settings = f"{{address: '{options.address}', endpoint: '{options.endpoint}'}}"
    small.config.write_text(f"{CONFIG}publication: {settings}\n")
    said = run(small)
    version = read_state(small.workspace / "serving").stable
    assert version is not None and said.count(f"published: {options.address} shows pair {version}") == 1
    store = ObjectStore(options)
    assert pointer(store).shown.stable == version and whole(store, version)
    assert pointer(store).shown.by == f"run {small.summaries()[0]['run_id']}"
    s3.fail(0, "hang up")
    try:
        assert run(small).count("not published (") == 1
    finally:
        s3.fail(0, "none")
    small.config.write_text(CONFIG)
    said = run(small)
    assert said.count("nothing is published to the object store any more") == 1
    assert pointer(store).shown.stable == version
