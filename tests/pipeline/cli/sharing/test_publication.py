"""The commands that publish, with a real store; and what each change of what serves says where there is none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from pipeline.cli import app as cli
from pipeline.publication.choice import remember
from pipeline.workspace import Workspace
from serving.directory.layout import read_state
from serving.directory.pushing import push
from serving.objects.options import PublicationOptions
from serving.objects.store import ObjectStore
from tests.places import ROOT
from tests.serving.objects.s3 import S3
from tests.serving.objects.test_publishing import pointer
from tests.serving.pairs import make_pair, serving_pair


class Said(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Calls the command line in this process."""
    monkeypatch.setenv("COLUMNS", "200")

    def made(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["retail-inventory", *map(str, arguments)])
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(code, said.out, said.err)

    return made


@pytest.fixture
def options(s3: S3) -> PublicationOptions:
    return s3.options()


@pytest.fixture
def config(tmp_path: Path, options: PublicationOptions) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(f"publication: {{address: '{options.address}', endpoint: '{options.endpoint}'}}\n")
    return file


def test_sync_show_and_a_roll_back_that_is_published(
    call: Call, workspace: Workspace, config: Path, options: PublicationOptions
) -> None:
    where, (earlier, newest) = ("--workspace", workspace.root), read_state(workspace.serving).versions
    assert call("publication", "show", *where, "--config", config).code == 2
    assert call("publication", "sync", *where, "--config", config) == (
        0, f"published: {options.address} shows pair {newest}\n", "",
    )  # fmt: skip
    done = call("rollback", *where, "--reason", "sells out")
    assert done.code == 0 and f"published: {options.address} shows pair {earlier}\n" in done.out
    shown = pointer(ObjectStore(options)).shown
    assert (shown.stable, shown.action, shown.reason) == (earlier, "rollback", "sells out")
    found = json.loads(call("publication", "show", *where, "--json").out)
    assert found["current"] and (found["stable"], found["pairs"]) == (earlier, [earlier, newest])
    assert "the same as here" in call("publication", "show", *where).out
    push(workspace.serving, make_pair(workspace.root.parent, "p3"), {}, keep=3)
    assert "not what serves here" in call("publication", "show", *where).out


def test_a_roll_back_that_services_elsewhere_do_not_see_fails_and_is_done_here(
    call: Call, workspace: Workspace, s3: S3, options: PublicationOptions
) -> None:
    remember(workspace, options)
    s3.fail(0, "hang up")
    try:
        done = call("rollback", "--workspace", workspace.root)
    finally:
        s3.fail(0, "none")
    assert (done.code, done.err) == (1, "") and "serves, before it was" in done.out
    assert done.out.count("not published (") == 1 and "does not answer" in done.out
    assert f"call 'retail-inventory publication sync --workspace {workspace.root}'" in done.out
    written = "".join(path.read_text() for path in workspace.root.glob("logs/*/*.jsonl"))
    assert "not published" in written
    assert all(key not in written + done.out for key in s3.keys.values())
    assert call("publication", "sync", "--workspace", workspace.root).code == 0


@pytest.mark.nightly
def test_a_later_change_of_another_workspace_is_told(
    call: Call, workspace: Workspace, config: Path, tmp_path: Path
) -> None:
    other = Workspace(tmp_path / "other")
    other.create()
    push(other.serving, make_pair(tmp_path, "q"), {}, keep=3, by="run 7", clock=lambda: 4e9)
    assert call("publication", "sync", "--workspace", other.root, "--config", config).code == 0
    done = call("publication", "sync", "--workspace", workspace.root, "--config", config)
    assert done.code == 1 and "shows pair 4000000000 of another workspace, whose push of 2096-" in done.out


def test_pull_has_another_workspace_serve_what_is_shown(
    call: Call, workspace: Workspace, config: Path, options: PublicationOptions, tmp_path: Path
) -> None:
    call("publication", "sync", "--workspace", workspace.root, "--config", config)
    there = Workspace(tmp_path / "there")
    source = ("--source", options.address, "--endpoint", options.endpoint)
    pair = read_state(workspace.serving).stable
    assert call("pull", "--workspace", there.root, *source)[:2] == (0, f"pulled: pair {pair} serves\n")
    assert serving_pair(there.serving) == "p2"
    assert "nothing to do" in call("pull", "--workspace", there.root, *source).out
    done = call("pull", "--workspace", workspace.root, *source)
    assert done.code == 2 and "is published to an object store itself" in done.err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--source", "s3://bucket"], "--source: an address is such as s3://bucket/prefix"),
        (["--source", "gs://bucket/prefix"], "--source: an address is such as s3://bucket/prefix"),
        (["--source", "s3://bucket/a/../b"], "--source: an address is such as s3://bucket/prefix"),
        (["--source", "s3://b.c/d", "--endpoint", "http://example.com"], "begins with https://"),
        (
            ["--source", "s3://b.c/d", "--endpoint", "https://me:secret@example.com"],
            "keys do not belong here",
        ),
        (["--source", "s3://b.c/d", "--region", "A B"], "--region: "),
        (["--source", "s3://b.c/d", "--certificate-authority", "none.pem"], "none.pem: cannot be read"),
    ],
)
def test_what_cannot_be_followed_is_told(call: Call, tmp_path: Path, given: list[str], message: str) -> None:
    done = call("pull", "--workspace", tmp_path / "w", *given)
    assert (done.code, done.out) == (2, "") and message in done.err and "secret" not in done.err
    assert not (tmp_path / "w").exists()


def test_without_a_store_nothing_is_said_and_the_commands_say_how_to_have_one(
    call: Call, workspace: Workspace, options: PublicationOptions
) -> None:
    done = call("publication", "sync", "--workspace", workspace.root)
    assert done.code == 2 and "publication: {address: s3://bucket/prefix}" in done.err
    assert "publish" not in call("rollback", "--workspace", workspace.root).out
    remember(workspace, options)
    assert "nothing is published to the object store any more" in remember(workspace, PublicationOptions())
    assert remember(workspace, PublicationOptions()) == ""


def test_a_run_that_pushed_nothing_yet_publishes_nothing(
    call: Call, tmp_path: Path, options: PublicationOptions
) -> None:
    from pipeline.publication.commands import publish_after

    empty = Workspace(tmp_path / "empty")
    empty.create()
    remember(empty, options)
    assert publish_after(empty).said == ()


def test_nothing_of_it_is_loaded_where_nothing_is_published() -> None:
    code = (
        "import sys, pipeline.cli.app, pipeline.operations.doctor, pipeline.publication.choice; "
        "print([name for name in sys.modules if name.startswith(('obstore', 'boto', 'serving.objects'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "['serving.objects', 'serving.objects.options']\n"


def test_the_doctor_tries_the_store(
    call: Call, tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = call("doctor", "--workspace", tmp_path, "--config", config)
    assert "keeps the conditions of a write" in " ".join(done.out.split())
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    done = call("doctor", "--workspace", tmp_path, "--config", config)
    assert done.code == 1 and "does not know who asks (SignatureDoesNotMatch)" in " ".join(done.out.split())
