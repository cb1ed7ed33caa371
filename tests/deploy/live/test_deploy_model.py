"""deploy_model.sh with the real service, here and on a host behind a real sshd."""

from __future__ import annotations

import getpass
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from contracts.models import MODELS
from pipeline.workspace import Workspace
from serving.directory.layout import read_state
from serving.directory.switching import roll_back
from tests.deploy.live.programs import free_port, get, program, running, until
from tests.deploy.test_deploy_model import deployed
from tests.pipeline.lived_in import LivedIn
from tests.places import ROOT

TOKEN = "a-token-of-the-service"


@pytest.fixture
def workspace(lived_in: LivedIn, tmp_path: Path) -> Path:
    """With two pairs of real models."""
    made = tmp_path / "w"
    made.mkdir()
    shutil.copytree(lived_in.small.workspace / "serving", made / "serving", symlinks=True)
    return made


@contextmanager
def serving(place: Path, folder: Path) -> Iterator[str]:
    """The address of a service that reads a folder, from when it answers on."""
    place.mkdir(exist_ok=True)
    token, port = folder / "token", free_port()
    token.write_text(TOKEN)
    token.chmod(stat.S_IRUSR | stat.S_IWUSR)
    command = [str(ROOT / ".venv" / "bin" / "retail-inventory"), "serve", "--workspace", str(place)]
    command += ["--port", str(port), "--token-file", str(token), "--poll-seconds", "0.2"]
    address = f"http://127.0.0.1:{port}"
    with running(command, folder / "service.log", f"{address}/healthz"):
        yield address


def answering(address: str) -> str:
    return get(f"{address}/v1/models/{MODELS[0]}", TOKEN)


def damaged(place: Path, version: int) -> None:
    """A file that a copy of the pair is given when it is there already, so that no service loads it."""
    file = place / "serving" / ".pairs" / str(version) / MODELS[0] / "saved_model.pb"
    file.write_bytes(b"x" + file.read_bytes()[1:])


def test_a_version_is_waited_for_and_given_up_by_itself(workspace: Path, tmp_path: Path) -> None:
    old, new = read_state(workspace / "serving").versions
    place = tmp_path / "srv"
    with serving(place, tmp_path) as address:
        token = ("--token-file", tmp_path / "token")
        given = ("--workspace", workspace, "--target", place, "--service", address, *token)
        first = deployed(*given, "--version", old)
        assert first.returncode == 0, first.stderr
        assert f"pair {old} serves at {address}" in first.stdout and f'"{old}"' in answering(address)
        # A service that reads another folder never answers with what was put into this one.
        other = tmp_path / "elsewhere"
        seen = deployed("--workspace", workspace, "--target", other, "--no-service", "--version", old)
        assert seen.returncode == 0, seen.stderr
        lost = deployed(*given[:2], "--target", other, *given[4:], "--seconds", 3)
        assert lost.returncode == 1 and f"rolled back: version {old} serves" in lost.stderr
        assert f"version {old} answers" in lost.stderr and read_state(other / "serving").stable == old
        second = deployed(*given)
        assert second.returncode == 0, second.stderr
        assert f'"{new}"' in answering(address) and f'"{old}"' not in answering(address)
        again = deployed(*given)
        assert again.returncode == 0 and "nothing to do" in again.stdout


@contextmanager
def sshd(folder: Path) -> Iterator[str]:
    """The ssh command that reaches a real sshd on loopback, as whoever runs this."""
    server = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
    if server is None:
        pytest.skip("sshd is not installed; scripts/observability_tools.sh says how")
    program("ssh"), program("rsync")
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    (folder / "authorized").write_text((folder / "key.pub").read_text())
    port = free_port()
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\n"
        f"PidFile {folder}/sshd.pid\nPasswordAuthentication no\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n"
        f"AllowUsers {getpass.getuser()}\n"
    )
    if os.geteuid() == 0:
        # Its own place for those who have not logged in yet.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with (folder / "sshd.log").open("ab") as log:
        process = subprocess.Popen(
            [server, "-D", "-e", "-f", str(folder / "sshd_config")], stdout=log, stderr=log
        )
    command = (
        f"ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile={folder}/known -o LogLevel=ERROR "
        f"-F /dev/null -i {folder}/key -p {port}"
    )
    try:
        until(
            lambda: (
                subprocess.run([*command.split(), "127.0.0.1", "true"], capture_output=True).returncode == 0
            ),
            "sshd",
            20,
        )
        yield command
    finally:
        process.terminate()
        process.wait(20)


def test_a_host_is_given_the_pair_whole_or_keeps_what_it_has(workspace: Path, tmp_path: Path) -> None:
    old, new = read_state(workspace / "serving").versions
    place = tmp_path / "srv"
    with sshd(tmp_path) as ssh, serving(place, tmp_path) as address:
        given = ("--workspace", workspace, "--target", f"127.0.0.1:{place}", "--ssh", ssh)
        service = ("--service", address, "--token-file", tmp_path / "token", "--seconds", 120)
        dry = deployed(*given, *service, "--dry-run")
        assert dry.returncode == 0 and not (place / "serving").exists(), dry.stderr
        first = deployed(*given, *service, "--version", old)
        assert first.returncode == 0, first.stderr
        assert f'"{old}"' in answering(address)
        lost = deployed(*given, "--service", f"http://127.0.0.1:{free_port()}", "--seconds", 2)
        assert lost.returncode == 1 and "rolled back" in lost.stderr
        assert read_state(place / "serving").stable == old and f'"{old}"' in answering(address)
        second = deployed(*given, *service)
        assert second.returncode == 0, second.stderr
        assert f'"{new}"' in answering(address) and read_state(place / "serving").stable == new
        # A disk that turns a bit is found by the sums before the pair is shown; a copy that went well mends it.
        roll_back(place / "serving", old, "somebody there")
        damaged(place, new)
        mended = deployed(*given, *service)
        assert mended.returncode == 2 and "not as they were pushed" in mended.stderr
        assert read_state(place / "serving").stable == old
        unreachable = deployed(*given[:4], "--ssh", "ssh -o BatchMode=yes -p 1", "--no-service")
        assert unreachable.returncode == 1 and "cannot be reached" in unreachable.stderr


def test_the_workspace_stays_as_it_is(workspace: Path, tmp_path: Path) -> None:
    before = read_state(Workspace(workspace).serving)
    deployed("--workspace", workspace, "--target", tmp_path / "srv", "--no-service")
    assert read_state(Workspace(workspace).serving) == before
